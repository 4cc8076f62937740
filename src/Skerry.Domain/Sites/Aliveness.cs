namespace Skerry.Domain.Sites;

/// <summary>What this site knows of another. Never more than is known: each value is shown with the time that it was true.</summary>
public enum Aliveness
{
    /// <summary>Nothing was ever heard of it, here or from others.</summary>
    Unknown,

    /// <summary>A live link, or a chain of them, and nothing owed.</summary>
    Connected,

    /// <summary>A live link over which one of the two still catches up, or a link that broke a moment ago.</summary>
    Synchronizing,

    /// <summary>No live link: cut off and working by itself, or down. Which of the two cannot be known from here.</summary>
    Autonomous,

    /// <summary>The link was taken down by hand.</summary>
    Disconnected,

    /// <summary>A person confirmed that the site is lost.</summary>
    Failed,

    /// <summary>A person confirmed that the site is kept from writing.</summary>
    Fenced,
}
