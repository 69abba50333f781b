package dev.chancery.access;

import dev.chancery.access.Search.Open;
import dev.chancery.access.Searches.Found;
import dev.chancery.access.Searches.Hit;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.command.Clock;
import dev.chancery.command.RefusedException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;

/**
 * The searches of OpenID AuthZEN Authorization API 1.0 (section 8): subjects, resources and actions, page by page. Each result's
 * {@code properties} say what it rests on.
 */
@Path("/access/v1/search")
public class AuthZenSearchEndpoint {
    private final StandardEndpoints endpoints;

    @Inject
    public AuthZenSearchEndpoint(StandardEndpoints endpoints) {
        this.endpoints = endpoints;
    }

    @POST
    @Path("subject")
    @RunOnVirtualThread
    public Response subjects() throws RefusedException {
        return search(Open.SUBJECT);
    }

    @POST
    @Path("resource")
    @RunOnVirtualThread
    public Response resources() throws RefusedException {
        return search(Open.RESOURCE);
    }

    @POST
    @Path("action")
    @RunOnVirtualThread
    public Response actions() throws RefusedException {
        return search(Open.ACTION);
    }

    private Response search(Open open) throws RefusedException {
        Searches searches = endpoints.feature(AccessService.class).searches();
        return endpoints.admit(caller -> {
            Search search = Search.of(open, AuthZenEndpoint.body(endpoints));
            return AuthZenEndpoint.ok(answer(search, searches.find(caller, search, Clock.nowMicros())));
        });
    }

    /** The page comes first: a client can tell how much follows. */
    private static jakarta.json.JsonObject answer(Search search, Found found) {
        var results = Json.createArrayBuilder();
        found.hits().forEach(hit -> results.add(result(search, hit)));
        JsonObjectBuilder context = Json.createObjectBuilder().add("position", found.position());
        if (search.open() == Open.RESOURCE) {
            context.add("scopes", Json.createArrayBuilder(found.scopes()));
        }
        return Json.createObjectBuilder()
                .add(
                        "page",
                        Json.createObjectBuilder()
                                .add("next_token", found.nextToken())
                                .add("count", found.hits().size()))
                .add("context", context)
                .add("results", results)
                .build();
    }

    private static JsonObjectBuilder result(Search search, Hit hit) {
        JsonObjectBuilder result = Json.createObjectBuilder();
        switch (search.open()) {
            case SUBJECT -> result.add("type", hit.type()).add("id", hit.id());
            case RESOURCE -> result.add("type", search.resourceType()).add("id", hit.id());
            case ACTION ->
                result.add("name", hit.id().substring(search.resourceType().length() + 1));
        }
        return result.add("properties", AuthZenEndpoint.path(hit.path()));
    }
}
