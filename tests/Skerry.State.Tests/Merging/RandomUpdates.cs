using Skerry.State.Merging;
using Skerry.TestKit.Seeds;

namespace Skerry.State.Tests.Merging;

/// <summary>Every kind of write, over few enough entities and fields that they meet.</summary>
internal static class RandomUpdates
{
    internal static readonly string[] Ids = ["x", "y"];
    private static readonly string[] FieldNames = ["name", "held", "status", "policy"];

    public static Task UpdateAsync(Chance chance, Site site) => site.DoAsync(transaction =>
    {
        var id = chance.Pick(Ids);
        var key = Site.Key(id);
        var entity = transaction.Find(key);
        switch (chance.Below(10))
        {
            case 0 or 1:
                transaction.Delete(key);
                break;
            case 2 when entity is { IsDeleted: true }:
                transaction.Restore(key);
                break;
            case 3 when entity is { IsDeleted: true } && !Conflict.Of(entity, Site.Schema).Any():
                transaction.Purge(key);
                break;
            case 4:
                transaction.Resolve(key, "held", FieldValue.From(chance.Below(3)));
                break;
            default:
                for (var i = chance.Below(3); i >= 0; i--)
                {
                    var field = chance.Pick(FieldNames);
                    var rank = field is "status" or "policy" ? chance.Below(2) : 0;
                    transaction.Set(Site.Key(chance.OneIn(4) ? chance.Pick(Ids) : id), field, FieldValue.From(chance.Below(4)), rank);
                }

                break;
        }
    });
}
