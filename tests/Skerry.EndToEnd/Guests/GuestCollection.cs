namespace Skerry.EndToEnd.Guests;

/// <summary>The boot disk is made once.</summary>
[CollectionDefinition(Name)]
public sealed class GuestCollection : ICollectionFixture<BootDisk>
{
    public const string Name = "guests";
}
