using System.Buffers.Binary;
using System.Security.Cryptography;
using Skerry.Domain;
using Skerry.Domain.Sites;
using Skerry.Host.Configuration;
using Skerry.Host.Files;
using Skerry.State;
using Skerry.State.Storage;
using Skerry.State.Storage.Redis;
using Skerry.State.Storage.Sqlite;
using Skerry.State.Trust;

namespace Skerry.Host.Wiring;

/// <summary>Opens the replicated state of the site.</summary>
internal static class SiteState
{
    public static async Task<Replica> OpenAsync(SiteConfiguration site, DataDirectory directory, ISealer sealer, CancellationToken cancellationToken)
    {
        try
        {
            IStateStore store = site.Store.Redis is { } redis
                ? await RedisStore.OpenAsync(redis, TimeProvider.System, cancellationToken)
                : await SqliteStore.OpenAsync(site.Store.SqlitePath!, cancellationToken);
            var options = new ReplicaOptions
            {
                Site = directory.SiteId(),
                Schema = DomainSchema.Schema,
                ClockOffset = site.ClockOffset,
                ClockLimit = site.ClockLimit,
                Sealer = sealer,
                SealRules = new SiteSealRules(),
            };
            var replica = await Replica.OpenAsync(options, store, TimeProvider.System, FreshRandom(), cancellationToken);
            ClockReconciler.RestoreCorrection(replica);
            return replica;
        }
        catch (StateStoreException e)
        {
            throw new StartException(e.Message, e);
        }
    }

    /// <summary>Incarnations must not repeat between starts, so the seed is the system's.</summary>
    public static Random FreshRandom() => new SystemRandom();

    private sealed class SystemRandom : Random
    {
        public override int Next(int minValue, int maxValue) => RandomNumberGenerator.GetInt32(minValue, maxValue);

        public override int Next(int maxValue) => RandomNumberGenerator.GetInt32(maxValue);

        public override int Next() => RandomNumberGenerator.GetInt32(int.MaxValue);

        public override void NextBytes(byte[] buffer) => RandomNumberGenerator.Fill(buffer);

        public override void NextBytes(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);

        public override long NextInt64()
        {
            Span<byte> bytes = stackalloc byte[8];
            RandomNumberGenerator.Fill(bytes);
            return BinaryPrimitives.ReadInt64LittleEndian(bytes) & long.MaxValue;
        }

        public override long NextInt64(long minValue, long maxValue)
        {
            var span = (UInt128)((Int128)maxValue - minValue);
            if (span == 0)
            {
                return minValue;
            }

            Span<byte> bytes = stackalloc byte[16];
            RandomNumberGenerator.Fill(bytes);
            return (long)((Int128)(BinaryPrimitives.ReadUInt128LittleEndian(bytes) % span) + minValue);
        }

        protected override double Sample()
        {
            Span<byte> bytes = stackalloc byte[8];
            RandomNumberGenerator.Fill(bytes);
            return (BinaryPrimitives.ReadUInt64LittleEndian(bytes) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
