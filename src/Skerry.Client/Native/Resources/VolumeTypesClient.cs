using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class VolumeTypesClient(ApiConnection connection)
{
    public async Task<IReadOnlyList<VolumeTypeRecord>> ListAsync(CancellationToken cancellationToken)
    {
        var access = await connection.AccessAsync(cancellationToken);
        return (await connection.GetAsync(
            Service.Volume, $"/{access.ProjectId}/types", IdentityJson.Default.VolumeTypeList, cancellationToken)).VolumeTypes;
    }
}
