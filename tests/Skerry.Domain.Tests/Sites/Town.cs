using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skerry.Domain.Sites;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Storage;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Sites;

/// <summary>Sites that reach each other through calls alone, on time that the test moves.</summary>
internal sealed class Town
{
    public static readonly Actor Admin = new("ada", "user-1", null, ["admin"]);

    private readonly List<Member> _members = [];

    public ManualTime Time { get; } = new();

    public async Task<Member> BuildAsync(string name)
    {
        var replica = await Replica.OpenAsync(
            new ReplicaOptions { Site = new SiteId((ulong)_members.Count + 1), Schema = DomainSchema.Schema },
            new MemoryStore(), Time, new Random(_members.Count), CancellationToken.None);
        var member = new Member(this, name, replica);
        _members.Add(member);
        await member.Registration.EnsureAsync(CancellationToken.None);
        return member;
    }

    /// <summary>A site that is a member of another one's cloud.</summary>
    public async Task<Member> BuildAsync(string name, Member inviter)
    {
        var member = await BuildAsync(name);
        await member.Replica.AdoptAsync(inviter.Replica.TakeSnapshot(), CancellationToken.None);
        await member.Registration.EnsureAsync(CancellationToken.None);
        await ExchangeAsync(member, inviter);
        return member;
    }

    public Member? At(string address) => _members.FirstOrDefault(m => m.Address == address);

    /// <summary>Carries what either has to the other, as sync would.</summary>
    public static async Task ExchangeAsync(Member a, Member b)
    {
        await b.Replica.ApplyAsync(a.Replica.ReadLog(b.Replica.Vector, null, int.MaxValue, int.MaxValue).Mutations, CancellationToken.None);
        await a.Replica.ApplyAsync(b.Replica.ReadLog(a.Replica.Vector, null, int.MaxValue, int.MaxValue).Mutations, CancellationToken.None);
    }

    internal sealed class Member : ILinkStatus, ILinkControl, IJoinChannel
    {
        private readonly Town _town;

        public Member(Town town, string name, Replica replica)
        {
            _town = town;
            Name = name;
            Replica = replica;
            CertificatePem = MakeCertificate(name);
            var settings = new SiteSettings
            {
                Name = name,
                Region = name,
                Role = "edge",
                CertificatePem = CertificatePem,
                SyncAddress = Address,
                Version = "1",
            };
            Context = new SiteContext(replica, replica.Site, name, name, town.Time, new RandomIds());
            Registration = new SiteRegistration(Context, settings);
            Lives = new SiteLives(Context, this);
            Witness = new WitnessReconciler(Context, this, Lives);
            Sites = new SiteService(Context, this, Lives);
            Invitations = new InvitationService(Context, settings);
            Acceptance = new JoinAcceptance(Context);
            Joins = new JoinService(Context, settings, Registration, Sites, this);
        }

        public string Name { get; }

        public string Address => $"{Name}.example:8777";

        public string Id => Replica.Site.ToString();

        public string CertificatePem { get; set; }

        public Replica Replica { get; }

        public SiteContext Context { get; }

        public SiteRegistration Registration { get; }

        public SiteService Sites { get; }

        public SiteLives Lives { get; }

        public WitnessReconciler Witness { get; }

        public InvitationService Invitations { get; }

        public JoinAcceptance Acceptance { get; }

        public JoinService Joins { get; }

        public List<LinkReport> Reported { get; } = [];

        public IReadOnlyList<LinkReport> Reports => Reported;

        /// <summary>As its neighbours tell, in place of gossip.</summary>
        public Dictionary<string, SiteHearsay> Told { get; } = [];

        public IReadOnlyList<SiteHearsay> Hearsay => [.. Told.Values];

        public IReadOnlyList<LinkTarget> Targets { get; private set; } = [];

        /// <summary>Whether the answer to each of the next requests is lost on its way back.</summary>
        public Queue<bool> LosesAnswers { get; } = [];

        public void SetPeers(IReadOnlyList<LinkTarget> targets) => Targets = targets;

        public async Task<string> InviteAsync(InviteRequest? request = null) =>
            (await Invitations.InviteAsync(Admin, request ?? new InviteRequest(), CancellationToken.None)).Value.Token!;

        public async Task<Outcome<JoinResult>> JoinAsync(string token) =>
            await Joins.JoinAsync(Admin, token, null, CancellationToken.None);

        /// <summary>Of a site behind a neighbour that gossips.</summary>
        public void IsTold(Member of, Member via, TimeSpan age, bool isFresh, bool isBehind = false) =>
            Told[of.Id] = new SiteHearsay(of.Replica.Site, via.Replica.Site, via.Replica.Site, 1, age, isFresh, isBehind);

        public void Hears(Member other, LinkHealth health, DateTimeOffset? heardAt = null, bool gossips = false)
        {
            Reported.RemoveAll(r => r.Peer == other.Replica.Site);
            Reported.Add(new LinkReport(
                other.Replica.Site, health, heardAt ?? _town.Time.GetUtcNow(), heardAt ?? _town.Time.GetUtcNow(), 1, 0, null, gossips));
        }

        public async Task ObserveAsync() => await new LinkObserver(Context, this, Lives).StepAsync(CancellationToken.None);

        public async Task<IReadOnlyList<LinkTarget>> ReconcileAsync()
        {
            await new LinkReconciler(Context, this).StepAsync(CancellationToken.None);
            return Targets;
        }

        public async ValueTask<JoinAnswer> PostAsync(
            string address, string certificatePin, string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
        {
            var there = _town.At(address) ?? throw new IOException($"The site at {address} cannot be reached.");
            if (CertificatePin.Of(there.CertificatePem) != certificatePin)
            {
                throw new IOException($"The certificate at {address} is another one.");
            }

            var pin = CertificatePin.Of(CertificatePem)!;
            JoinAnswer answer;
            if (path == JoinAcceptance.JoinPath)
            {
                var (status, bytes) = await there.Acceptance.AcceptAsync(pin, body, cancellationToken);
                answer = new JoinAnswer(status, new MemoryStream(bytes));
            }
            else
            {
                var (status, parts) = there.Acceptance.Snapshot(pin, body);
                answer = new JoinAnswer(status, new MemoryStream([.. parts.SelectMany(p => p.ToArray())]));
            }

            return LosesAnswers.TryDequeue(out var loses) && loses ? throw new IOException("The connection broke.") : answer;
        }

        private static string MakeCertificate(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
            return made.ExportCertificatePem();
        }
    }
}
