package dev.chancery.access;

import dev.chancery.access.Search.Open;
import dev.chancery.access.Searches.Found;
import dev.chancery.access.Searches.Hit;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.schema.access.v1.CheckAllReply;
import dev.chancery.schema.access.v1.CheckAllRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.FoundResource;
import dev.chancery.schema.access.v1.FoundSubject;
import dev.chancery.schema.access.v1.SearchActionsReply;
import dev.chancery.schema.access.v1.SearchActionsRequest;
import dev.chancery.schema.access.v1.SearchResourcesReply;
import dev.chancery.schema.access.v1.SearchResourcesRequest;
import dev.chancery.schema.access.v1.SearchSubjectsReply;
import dev.chancery.schema.access.v1.SearchSubjectsRequest;

/** The contract's questions about decisions. Whoever may be left out of one is the caller. */
final class DecisionQueries {
    private final Checks checks;
    private final Searches searches;

    DecisionQueries(Checks checks, Searches searches) {
        this.checks = checks;
        this.searches = searches;
    }

    CheckReply check(ReadContext context, CheckRequest request) throws RefusedException {
        return checks.check(
                context.tenant(),
                principal(context, request.getPrincipalId()),
                request.getCapability(),
                request.getWorkspaceId(),
                Consistencies.of(request.getConsistency()),
                context.atMicros());
    }

    CheckAllReply checkAll(ReadContext context, CheckAllRequest request) throws RefusedException {
        CheckAllReply.Builder reply = CheckAllReply.newBuilder();
        for (CheckRequest one : request.getChecksList()) {
            reply.addAnswers(check(context, one));
        }
        return reply.build();
    }

    SearchSubjectsReply subjects(ReadContext context, SearchSubjectsRequest request) throws RefusedException {
        String[] capability = request.getCapability().split(":", 2);
        Found found = searches.find(
                context.tenant(),
                new Search(
                        Open.SUBJECT,
                        request.getSubjectType(),
                        "",
                        capability[1],
                        capability[0],
                        "",
                        request.getWorkspaceId(),
                        Consistencies.of(request.getConsistency()),
                        Search.pageSize(request.getPageSize()),
                        request.getPage()),
                context.atMicros());
        SearchSubjectsReply.Builder reply =
                SearchSubjectsReply.newBuilder().setNextPage(found.nextToken()).setPosition(found.position());
        for (Hit hit : found.hits()) {
            reply.addSubjects(FoundSubject.newBuilder()
                    .setPrincipalId(hit.id())
                    .setSubjectType(hit.type())
                    .setPath(hit.path()));
        }
        return reply.build();
    }

    SearchActionsReply actions(ReadContext context, SearchActionsRequest request) throws RefusedException {
        Found found = searches.find(
                context.tenant(),
                new Search(
                        Open.ACTION,
                        "",
                        request.getPrincipalId(),
                        "",
                        request.getResourceType(),
                        "",
                        request.getWorkspaceId(),
                        Consistencies.of(request.getConsistency()),
                        Search.pageSize(request.getPageSize()),
                        request.getPage()),
                context.atMicros());
        return SearchActionsReply.newBuilder()
                .addAllActions(found.hits().stream().map(Hit::path).toList())
                .setNextPage(found.nextToken())
                .setPosition(found.position())
                .build();
    }

    SearchResourcesReply resources(ReadContext context, SearchResourcesRequest request) throws RefusedException {
        String[] capability = request.getCapability().split(":", 2);
        Found found = searches.find(
                context.tenant(),
                new Search(
                        Open.RESOURCE,
                        "",
                        principal(context, request.getPrincipalId()),
                        capability[1],
                        capability[0],
                        "",
                        request.getWorkspaceId(),
                        Consistencies.of(request.getConsistency()),
                        Search.pageSize(request.getPageSize()),
                        request.getPage()),
                context.atMicros());
        SearchResourcesReply.Builder reply = SearchResourcesReply.newBuilder()
                .setNextPage(found.nextToken())
                .setPosition(found.position())
                .addAllScopes(found.scopes());
        for (Hit hit : found.hits()) {
            reply.addResources(
                    FoundResource.newBuilder().setResourceId(hit.id()).setPath(hit.path()));
        }
        return reply.build();
    }

    private static String principal(ReadContext context, String asked) {
        return asked.isEmpty() ? context.principal().id() : asked;
    }
}
