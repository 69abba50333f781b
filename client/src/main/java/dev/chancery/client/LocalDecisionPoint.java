package dev.chancery.client;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Answers checks in process.
 *
 * <pre>{@code
 * try (var decisions = LocalDecisionPoint.start(DecisionPointSettings.of(host, 443, issuer, clientId, key))) {
 *     decisions.awaitReady(Duration.ofSeconds(10));
 *     if (decisions.check(principalId, "invoice:approve", workspaceId).granted()) { ... }
 * }
 * }</pre>
 *
 * <p>One thread asks the instance for what is new, again and again, each time from where it stands; after a break it goes on there.
 *
 * <p><b>Thread safety:</b> safe. <b>Memory:</b> a state for each principal, role model, assignment list, workspace and
 * subject that has consented to something, of the organisation. <b>Cost:</b> a check takes no lock and no call; each change of authority copies a map of those states.
 */
public final class LocalDecisionPoint implements AutoCloseable {
    /** How long the instance holds a question when there is nothing new. */
    private static final Duration WAIT = Duration.ofMillis(400);

    /** Between two questions at least, however much happens. */
    private static final Duration PAUSE = Duration.ofMillis(20);

    private static final Duration BREAK = Duration.ofMillis(250);
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final AuthorityView view;
    private final Server server;
    private final ManagedChannel channel;
    private final Thread follower;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile String trouble = "";

    private LocalDecisionPoint(DecisionPointSettings settings) {
        this.view = new AuthorityView(settings.tenant(), settings.sensitiveBound(), settings.otherBound());
        NettyChannelBuilder builder = NettyChannelBuilder.forAddress(settings.host(), settings.port());
        this.channel = (settings.plaintext() ? builder.usePlaintext() : builder.useTransportSecurity()).build();
        this.server = new Server(channel, settings.issuer(), settings.clientId(), settings.privateKey());
        this.follower = new Thread(this::follow, "chancery-decisions");
        follower.setDaemon(true);
    }

    /** Begins to follow; until the beginning has been read, everything is refused. */
    public static LocalDecisionPoint start(DecisionPointSettings settings) {
        var point = new LocalDecisionPoint(settings);
        point.follower.start();
        return point;
    }

    /**
     * Whether a principal may do something now.
     *
     * @param principalId a principal's id; names are the server's to look up
     * @param capability {@code resource:verb}
     * @param workspaceId where; empty: in the whole organisation
     */
    public LocalDecision check(String principalId, String capability, String workspaceId) {
        return check(principalId, capability, workspaceId, "");
    }

    /**
     * Whether a principal may do something to somebody now.
     *
     * @param principalId a principal's id; names are the server's to look up
     * @param capability {@code resource:verb}
     * @param workspaceId where; empty: in the whole organisation
     * @param aboutId the principal whom it is about, for a capability that takes their consent; empty: nobody
     */
    public LocalDecision check(String principalId, String capability, String workspaceId, String aboutId) {
        return checkActing(principalId, "", capability, workspaceId, aboutId);
    }

    /**
     * Whether an agent or a service may do something for a user now: it may itself, the user may, and the user has let it. Of an access
     * token with the claim {@code act}, {@code act.sub} is the agent and {@code sub} the user.
     *
     * @param agentId the id of the principal that acts
     * @param userId the id of the user that it acts for; empty: it acts for itself
     * @param capability {@code resource:verb}
     * @param workspaceId where; empty: in the whole organisation
     * @param aboutId the principal whom it is about, for a capability that takes their consent; empty: nobody
     * @return of a grant, what the agent holds it by
     */
    public LocalDecision checkActing(
            String agentId, String userId, String capability, String workspaceId, String aboutId) {
        return view.check(
                agentId,
                userId,
                capability,
                workspaceId,
                aboutId,
                System.nanoTime(),
                System.currentTimeMillis() * 1_000);
    }

    /** Waits until checks are answered; false when that did not come in time. */
    public boolean awaitReady(Duration atMost) {
        return awaitPosition(0, atMost);
    }

    /** Waits until answers take a position of the organisation's log into account; false when that did not come in time. */
    public boolean awaitPosition(long position, Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!view.isComplete() || view.position() < position) {
            try {
                if (System.nanoTime() > deadline || closed.await(PAUSE.toMillis() / 4, TimeUnit.MILLISECONDS)) {
                    return false;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    /** How old answers may be now, for a metric or a health check. */
    public Duration age() {
        return view.age(System.nanoTime());
    }

    /** Why the instance wasn't heard the last time it was asked; empty while it is. */
    public String trouble() {
        return trouble;
    }

    private void follow() {
        Duration pause = Duration.ZERO;
        try {
            while (!closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                pause = askedOnce();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How long to wait before the next question. */
    private Duration askedOnce() {
        long askedNanos = System.nanoTime();
        try {
            var answer = server.follow(view.position(), view.isComplete() ? WAIT : Duration.ZERO);
            view.apply(answer, askedNanos);
            trouble = "";
            return answer.getComplete() ? PAUSE : Duration.ZERO;
        } catch (StatusRuntimeException e) {
            trouble = e.getStatus().getCode().name();
            if (e.getStatus().getCode() == Status.Code.UNAUTHENTICATED) {
                server.forgetToken();
            } else if (e.getStatus().getCode() == Status.Code.INVALID_ARGUMENT) {
                // The log is shorter than what was read of it: it isn't that log any more.
                view.reset();
            }
            return BREAK;
        } catch (RuntimeException e) {
            trouble = e.toString();
            return BREAK;
        }
    }

    @Override
    public void close() {
        closed.countDown();
        channel.shutdownNow();
        try {
            follower.join(CLOSE.toMillis());
            channel.awaitTermination(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
