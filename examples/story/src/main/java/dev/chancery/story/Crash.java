package dev.chancery.story;

import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.rbac.v1.Assignment;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The seventh chapter: {@code kill -9} with commands in flight, and the restart. */
final class Crash {
    /** The end of this chapter's grants, by which they are found: the year 2100. */
    private static final long UNTIL_MILLIS = 4_102_444_800_000L;

    /** The instance is killed after this many answers. */
    private static final int ANSWERS = 12;

    private static final int MAX_SENT_EACH = 200;
    private static final int WAIT_SECONDS = 20;

    private final Story story;
    private final Steps steps;
    private final Company company;

    /** A command that was sent; without a reply it was in flight when the instance was killed. */
    private record Sent(
            AssignRoleRequest request, String key, @Nullable Reply reply) {}

    Crash(Story story, Company company) {
        this.story = story;
        this.steps = story.steps();
        this.company = company;
    }

    void run() throws Steps.Failed, InterruptedException {
        steps.chapter("kill -9 under load");
        List<Sent> sent = steps.get("The Java process is killed while four callers send grants", this::kill);
        steps.run("It starts again on the same directory", this::restart);
        steps.run("All acknowledged grants are there; the others are sent again with their keys", () -> {
            sendAgain(sent);
        });
        steps.run("The token from before is still valid, and the answers are the same", this::sameAsBefore);
    }

    private List<Sent> kill() throws IOException, InterruptedException, Unexpected, Refused {
        company.administrator().signIn().token();
        var answers = new CountDownLatch(ANSWERS);
        List<Sent> sent = new ArrayList<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Sent>>> results = new ArrayList<>();
            for (Caller grantee :
                    List.of(company.developer(), company.operator(), company.agent(), company.service())) {
                results.add(callers.submit(() -> sendUntilKilled(grantee, answers)));
            }
            Expect.that(ANSWERS + " answers in time", answers.await(WAIT_SECONDS, TimeUnit.SECONDS));
            story.server().kill();
            for (Future<List<Sent>> result : results) {
                sent.addAll(result.get());
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
        long answered = sent.stream().filter(one -> one.reply != null).count();
        Expect.that("some were in flight", answered < sent.size());
        steps.note(answered + " grants were acknowledged, " + (sent.size() - answered) + " were in flight");
        return sent;
    }

    private List<Sent> sendUntilKilled(Caller grantee, CountDownLatch answers) throws Refused {
        var request = AssignRoleRequest.newBuilder()
                .setPrincipalId(grantee.id())
                .setRole("view")
                .setWorkspaceId(company.staging())
                .setUntilMillis(UNTIL_MILLIS)
                .build();
        List<Sent> sent = new ArrayList<>();
        while (sent.size() < MAX_SENT_EACH) {
            String key = Caller.newKey();
            try {
                Reply reply = company.administrator().call(story.connection().grpc(), request, key);
                sent.add(new Sent(request, key, reply));
                answers.countDown();
            } catch (Unreachable e) {
                sent.add(new Sent(request, key, null));
                break;
            }
        }
        return sent;
    }

    private void restart() throws IOException, InterruptedException, Unexpected {
        Instance before = story.connection().instance();
        Instance after = story.server().start(URI.create(before.http()).getPort());
        Expect.equal("where it is", before.http(), after.http());
        Expect.that("there is no claim any more", after.claimFile().isEmpty());
        story.connection().grpc().reconnect();
    }

    /** Each command, sent again with its key, has its first reply, and one effect. */
    private void sendAgain(List<Sent> sent) throws Refused, IOException, Unexpected {
        Set<String> assignments = new HashSet<>();
        for (Sent one : sent) {
            Reply again = Retry.untilFinal(
                    () -> company.administrator().call(story.connection().grpc(), one.request, one.key));
            if (one.reply != null) {
                Expect.equal("an acknowledged command's reply", one.reply.message(), again.message());
                Expect.equal("its position", one.reply.position(), again.position());
            }
            assignments.add(((AssignRoleReply) again.message()).getAssignmentId());
        }
        Set<String> listed = new Lists(company.administrator())
                .assignments().stream()
                        .filter(one -> one.getWorkspaceId().equals(company.staging()))
                        .filter(one -> one.getUntilMillis() == UNTIL_MILLIS)
                        .map(Assignment::getAssignmentId)
                        .collect(Collectors.toSet());
        Expect.equal("assignments", sent.size(), assignments.size());
        Expect.equal("the assignments on the list", assignments, listed);
        steps.note(sent.size() + " keys, " + listed.size() + " grants: none lost, none twice");
    }

    private void sameAsBefore() throws Refused, IOException, Unexpected {
        Caller administrator = company.administrator();
        Expect.equal(
                "the developer in staging",
                "allowed, granted by edit",
                administrator
                        .evaluate(company.developer(), "deployments.apps:update", company.staging())
                        .text());
        Expect.equal(
                "the operator, whose grant was revoked",
                "denied, no-grant",
                administrator.evaluate(company.operator(), "secrets:delete", "").text());
        Expect.equal("the roles", company.model().roles().keySet(), new Lists(administrator).ownRoles());
    }
}
