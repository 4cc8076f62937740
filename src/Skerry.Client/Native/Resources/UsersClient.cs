using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class UsersClient(ApiConnection connection)
{
    public async Task<IReadOnlyList<UserRecord>> ListAsync(string? name, CancellationToken cancellationToken) =>
        (await connection.GetAsync(
            Service.Identity, Query.Of("/users", ("name", name)), IdentityJson.Default.UserList, cancellationToken)).Users;

    public async Task<UserRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(
            Service.Identity, $"/users/{Query.Escape(id)}", IdentityJson.Default.UserReply, cancellationToken)).User;

    public Task<UserRecord> CreateAsync(UserRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "/users", request, cancellationToken);

    public Task<UserRecord> UpdateAsync(string id, UserRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"/users/{Query.Escape(id)}", request, cancellationToken);

    public Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        connection.SendAsync(Service.Identity, HttpMethod.Delete, $"/users/{Query.Escape(id)}", cancellationToken);

    /// <summary>Gives a user a role, by its name, in a project. Giving it twice changes nothing.</summary>
    public async Task GrantAsync(string userId, string projectId, string role, CancellationToken cancellationToken)
    {
        var roles = await connection.GetAsync(
            Service.Identity, Query.Of("/roles", ("name", role)), IdentityJson.Default.RoleList, cancellationToken);
        var id = roles.Roles.FirstOrDefault(r => r.Name == role || r.Id == role)?.Id
            ?? throw new RefusedException(new ErrorRecord(404, "not_found", $"Role {role} could not be found."));
        await connection.SendAsync(
            Service.Identity,
            HttpMethod.Put,
            $"/projects/{Query.Escape(projectId)}/users/{Query.Escape(userId)}/roles/{Query.Escape(id)}",
            cancellationToken);
    }

    private async Task<UserRecord> SendAsync(HttpMethod method, string path, UserRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Identity,
            method,
            path,
            new UserRequestBody(request),
            IdentityJson.Default.UserRequestBody,
            IdentityJson.Default.UserReply,
            cancellationToken)).User;
}
