package dev.chancery.cli.demo;

import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.demo.Actor.Decision;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.rbac.v1.Assignment;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The fifth act: {@code kill -9} with commands in flight, and the restart. */
final class Crashing {
    private final Stage stage;
    private final Narrator narrator;
    private final Company company;

    Crashing(Stage stage, Narrator narrator, Company company) {
        this.stage = stage;
        this.narrator = narrator;
        this.company = company;
    }

    void play() throws Narrator.StoryEnds, InterruptedException {
        narrator.act("kill -9, in the middle of it");
        List<Barrage.Shot> shots = narrator.stepGiving(
                "Grants are pouring in over four lanes, and the Java process is killed", this::kill);
        narrator.step("It starts again on the same directory", this::restart);
        narrator.step("Whatever was acknowledged is there; whatever was in flight is sent again, with its key", () -> {
            settle(shots);
        });
        narrator.step("The token from before still opens the door, and the answers are the same", this::sameAsBefore);
    }

    private List<Barrage.Shot> kill() throws IOException, InterruptedException, NotAsTold, Refused {
        company.administrator().token();
        var barrage = new Barrage(
                stage,
                company.administrator(),
                company.staging(),
                List.of(company.developer(), company.operator(), company.agent(), company.service()));
        barrage.begin();
        barrage.awaitAnswers();
        stage.server().kill();
        List<Barrage.Shot> shots = barrage.end();
        long answered = shots.stream().filter(shot -> shot.reply() != null).count();
        Expect.that("some were answered", answered > 0);
        Expect.that("some were in flight", answered < shots.size());
        narrator.besides(answered + " grants were acknowledged, " + (shots.size() - answered) + " were in flight");
        return shots;
    }

    private void restart() throws IOException, InterruptedException, NotAsTold {
        Instance before = stage.instance();
        Instance after = stage.server().start(URI.create(before.http()).getPort());
        Expect.equal("where it is", before.http(), after.http());
        Expect.that("there is no claim any more", after.claimFile().isEmpty());
        stage.grpc().reconnect();
    }

    /** Every command that was begun, sent again with its key, is answered, as before where it was; and has one effect. */
    private void settle(List<Barrage.Shot> shots) throws Refused, IOException, NotAsTold {
        for (Barrage.Shot shot : shots) {
            Reply again = Patience.insist(
                    () -> company.administrator().call(stage.grpc(), Barrage.METHOD, shot.request(), shot.key()));
            Reply before = shot.reply();
            if (before != null) {
                Expect.equal("an acknowledged command's reply", before.message(), again.message());
                Expect.equal("its position", before.position(), again.position());
            }
            shot.answer(again);
        }
        Set<String> answered = shots.stream()
                .map(shot -> ((AssignRoleReply) shot.answered().message()).getAssignmentId())
                .collect(Collectors.toSet());
        Set<String> listed = new Lists(company.administrator())
                .assignments().stream()
                        .filter(one -> one.getWorkspaceId().equals(company.staging()))
                        .filter(one -> one.getUntilMillis() == Barrage.UNTIL_MILLIS)
                        .map(Assignment::getAssignmentId)
                        .collect(Collectors.toSet());
        Expect.equal("one effect a key", shots.size(), answered.size());
        Expect.equal("the grants on the list", answered, listed);
        narrator.besides(shots.size() + " keys, " + listed.size() + " grants, none lost, none doubled");
    }

    private void sameAsBefore() throws Refused, IOException, NotAsTold {
        Actor administrator = company.administrator();
        Decision developer =
                administrator.evaluate(company.developer().id(), "deployments.apps:update", company.staging());
        Expect.equal("the developer in staging", "allowed, granted by edit", developer.text());
        Decision operator = administrator.evaluate(company.operator().id(), "secrets:delete", "");
        Expect.equal("the operator, whose grant was revoked", "denied, no-grant", operator.text());
        Lists lists = new Lists(administrator);
        Expect.equal("the roles", company.model().roles().keySet(), lists.ownRoles());
    }
}
