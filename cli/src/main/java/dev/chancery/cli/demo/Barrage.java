package dev.chancery.cli.demo;

import com.google.protobuf.Message;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Grants that are sent one after the other, in a lane for each grantee, until the connection breaks. */
final class Barrage {
    static final String METHOD = "AccessService/AssignRole";
    /** Marks the barrage's grants: the year 2100. */
    static final long UNTIL_MILLIS = 4_102_444_800_000L;

    private static final int ANSWERS = 12;
    private static final int MAX_SHOTS_A_LANE = 200;
    private static final int WAIT_SECONDS = 20;

    private final Stage stage;
    private final Actor sender;
    private final String workspace;
    private final List<Actor> grantees;
    private final List<Shot> shots = new ArrayList<>();
    private final List<Thread> lanes = new ArrayList<>();
    private final CountDownLatch answers = new CountDownLatch(ANSWERS);
    private @Nullable Refused refusal;

    /** A command, its key, and the reply if there was one. */
    static final class Shot {
        private final String key = Actor.newKey();
        private final Message request;
        private volatile @Nullable Reply reply;

        private Shot(Message request) {
            this.request = request;
        }

        String key() {
            return key;
        }

        Message request() {
            return request;
        }

        @Nullable
        Reply reply() {
            return reply;
        }

        void answer(Reply answer) {
            reply = answer;
        }

        Reply answered() {
            Reply given = reply;
            if (given == null) {
                throw new IllegalStateException("it was not answered");
            }
            return given;
        }
    }

    Barrage(Stage stage, Actor sender, String workspace, List<Actor> grantees) {
        this.stage = stage;
        this.sender = sender;
        this.workspace = workspace;
        this.grantees = grantees;
    }

    void begin() {
        for (Actor grantee : grantees) {
            lanes.add(Thread.ofVirtual().start(() -> lane(grantee)));
        }
    }

    private void lane(Actor grantee) {
        Message request = AssignRoleRequest.newBuilder()
                .setPrincipalId(grantee.id())
                .setRole("view")
                .setWorkspaceId(workspace)
                .setUntilMillis(UNTIL_MILLIS)
                .build();
        try {
            for (int i = 0; i < MAX_SHOTS_A_LANE; i++) {
                Shot shot = new Shot(request);
                synchronized (this) {
                    shots.add(shot);
                }
                shot.answer(sender.call(stage.grpc(), METHOD, request, shot.key()));
                answers.countDown();
            }
        } catch (Unreachable e) {
            // What this is about: the lane ends with a command in flight.
        } catch (Refused e) {
            synchronized (this) {
                refusal = e;
            }
        }
    }

    /** Until enough were answered. */
    void awaitAnswers() throws InterruptedException, NotAsTold {
        if (!answers.await(WAIT_SECONDS, TimeUnit.SECONDS)) {
            throw new NotAsTold(
                    "grants within " + WAIT_SECONDS + " s", ANSWERS + " answered", ANSWERS - answers.getCount() + "");
        }
    }

    /** What was sent, once every lane has noticed that nobody is there. */
    List<Shot> end() throws InterruptedException, NotAsTold, Refused {
        for (Thread lane : lanes) {
            if (!lane.join(java.time.Duration.ofSeconds(WAIT_SECONDS))) {
                throw new NotAsTold("a lane whose server was killed", "ends", "waits on");
            }
        }
        synchronized (this) {
            if (refusal != null) {
                throw refusal;
            }
            return List.copyOf(shots);
        }
    }
}
