package dev.chancery.access;

import dev.chancery.access.Search.Open;
import dev.chancery.access.Searches.Found;
import dev.chancery.access.Searches.Hit;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.log.StreamScan;
import dev.chancery.schema.access.v1.AuthorityEvent;
import dev.chancery.schema.access.v1.CheckAllReply;
import dev.chancery.schema.access.v1.CheckAllRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.FollowAuthorityReply;
import dev.chancery.schema.access.v1.FollowAuthorityRequest;
import dev.chancery.schema.access.v1.FoundResource;
import dev.chancery.schema.access.v1.FoundSubject;
import dev.chancery.schema.access.v1.SearchActionsReply;
import dev.chancery.schema.access.v1.SearchActionsRequest;
import dev.chancery.schema.access.v1.SearchResourcesReply;
import dev.chancery.schema.access.v1.SearchResourcesRequest;
import dev.chancery.schema.access.v1.SearchSubjectsReply;
import dev.chancery.schema.access.v1.SearchSubjectsRequest;
import java.time.Duration;

/** The contract's questions about decisions. Whoever may be left out of one is the caller. */
final class DecisionQueries {
    /** How long a follower's question is held. */
    private static final int MAX_WAIT_MILLIS = 1_000;

    private final DecisionPoint decisions;
    private final Checks checks;
    private final Searches searches;

    DecisionQueries(DecisionPoint decisions, Checks checks, Searches searches) {
        this.decisions = decisions;
        this.checks = checks;
        this.searches = searches;
    }

    CheckReply check(ReadContext context, CheckRequest request) throws RefusedException {
        return checks.check(context.principal(), request, context.atMicros());
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
                context.principal(),
                new Search(
                        Open.SUBJECT,
                        request.getSubjectType(),
                        "",
                        capability[1],
                        capability[0],
                        "",
                        request.getWorkspaceId(),
                        request.getPrincipalActingForId(),
                        request.getAboutId(),
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
                context.principal(),
                new Search(
                        Open.ACTION,
                        "",
                        request.getPrincipalId(),
                        "",
                        request.getResourceType(),
                        "",
                        request.getWorkspaceId(),
                        request.getPrincipalActingForId(),
                        request.getAboutId(),
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
                context.principal(),
                new Search(
                        Open.RESOURCE,
                        "",
                        Checks.subject(context.principal(), request.getPrincipalId()),
                        capability[1],
                        capability[0],
                        "",
                        request.getWorkspaceId(),
                        request.getPrincipalActingForId(),
                        request.getAboutId(),
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

    FollowAuthorityReply follow(ReadContext context, FollowAuthorityRequest request) throws RefusedException {
        if (request.getAfter() < 0 || request.getWaitMillis() < 0 || request.getWaitMillis() > MAX_WAIT_MILLIS) {
            throw new RefusedException(BoundaryRejection.INVALID_FIELD);
        }
        StreamScan.Slice slice = decisions
                .follow(
                        context.tenant(),
                        request.hasAfter() ? request.getAfter() : -1,
                        Duration.ofMillis(request.getWaitMillis()))
                .orElseThrow(() -> new RefusedException(AccessRejection.AHEAD));
        FollowAuthorityReply.Builder reply = FollowAuthorityReply.newBuilder()
                .setPosition(Math.max(0, slice.position()))
                .setComplete(slice.complete());
        for (StreamScan.Streamed one : slice.events()) {
            reply.addEvents(AuthorityEvent.newBuilder()
                    .setStream(one.stream().value())
                    .setType(one.event().type())
                    .setBody(one.event().body())
                    .setPosition(one.event().position()));
        }
        return reply.build();
    }
}
