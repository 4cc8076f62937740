using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class ProjectsClient(ApiConnection connection)
{
    public async Task<IReadOnlyList<ProjectRecord>> ListAsync(string? name, CancellationToken cancellationToken) =>
        (await connection.GetAsync(
            Service.Identity, Query.Of("/projects", ("name", name)), IdentityJson.Default.ProjectList, cancellationToken)).Projects;

    public async Task<ProjectRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(
            Service.Identity, $"/projects/{Query.Escape(id)}", IdentityJson.Default.ProjectReply, cancellationToken)).Project;

    public async Task<ProjectRecord> CreateAsync(ProjectRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Identity,
            HttpMethod.Post,
            "/projects",
            new ProjectRequestBody(request),
            IdentityJson.Default.ProjectRequestBody,
            IdentityJson.Default.ProjectReply,
            cancellationToken)).Project;

    public Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        connection.SendAsync(Service.Identity, HttpMethod.Delete, $"/projects/{Query.Escape(id)}", cancellationToken);
}
