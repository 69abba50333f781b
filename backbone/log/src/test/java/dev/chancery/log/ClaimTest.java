package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.log.Drafts.ROLE_MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult.Appended;
import dev.chancery.log.AppendResult.Taken;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What must be unique is; what an outcome rests on has not moved. */
final class ClaimTest {
    private static final TestLog LOG = TestLog.fresh();
    private static final StreamId A = StreamId.of("access", "assignments", "a");
    private static final StreamId B = StreamId.of("access", "assignments", "b");

    @AfterAll
    static void close() {
        LOG.close();
    }

    private final String tenant = LOG.tenant();

    @Test
    void aNameHasOneHolder() {
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", A).draft());
        assertThat(append(Drafts.outcome(tenant).claiming("ada", B))).isEqualTo(new Taken("email"));
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", A).draft());
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("bob", B).draft());
        LOG.appended(ACCESS, Drafts.outcome(LOG.tenant()).claiming("ada", B).draft());
    }

    @Test
    void aReleasedNameCanBeTakenAgain() {
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", A).draft());
        LOG.appended(ACCESS, Drafts.outcome(tenant).releasing("ada", A).draft());
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", B).draft());
        assertThat(append(Drafts.outcome(tenant).claiming("ada", A))).isEqualTo(new Taken("email"));
    }

    @Test
    void onlyItsHolderReleasesAName() {
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", A).draft());
        assertThat(append(Drafts.outcome(tenant).releasing("ada", B))).isEqualTo(new Taken("email"));
        LOG.appended(ACCESS, Drafts.outcome(tenant).releasing("nobody's", B).draft());
    }

    @Test
    void aNameChangesHandsInOneGroup() {
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", A).draft());
        List<AppendResult> results = LOG.commit(
                ACCESS,
                Drafts.outcome(tenant).claiming("ada", B).draft(),
                Drafts.outcome(tenant).releasing("ada", A).draft(),
                Drafts.outcome(tenant).claiming("ada", B).draft(),
                Drafts.outcome(tenant).claiming("ada", A).draft());
        assertThat(results.get(0)).isEqualTo(new Taken("email"));
        assertThat(results.get(1)).isInstanceOf(Appended.class);
        assertThat(results.get(2)).isInstanceOf(Appended.class);
        assertThat(results.get(3)).isEqualTo(new Taken("email"));
        assertThat(append(Drafts.outcome(tenant).claiming("ada", A))).isEqualTo(new Taken("email"));
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", B).draft());
    }

    @Test
    void aNameIsTakenAndReleasedInOneGroup() {
        List<AppendResult> results = LOG.commit(
                ACCESS,
                Drafts.outcome(tenant).claiming("ada", A).draft(),
                Drafts.outcome(tenant).releasing("ada", A).draft());
        assertThat(results).allMatch(Appended.class::isInstance);
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", B).draft());
    }

    @Test
    void oneDraftMayPassANameOn() {
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", A).draft());
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant).releasing("ada", A).claiming("ada", B).draft());
        assertThat(append(Drafts.outcome(tenant).claiming("ada", A))).isEqualTo(new Taken("email"));
        assertThat(append(Drafts.outcome(tenant).claiming("x", A).claiming("x", B)))
                .isEqualTo(new Taken("email"));
    }

    @Test
    void whatWasRefusedClaimsNothing() {
        LOG.appended(ACCESS, Drafts.outcome(tenant).retiring(ROLE_MODEL, 0).draft());
        assertThat(append(Drafts.outcome(tenant).retiring(ROLE_MODEL, 0).claiming("ada", A)))
                .isInstanceOf(AppendResult.Moved.class);
        LOG.appended(ACCESS, Drafts.outcome(tenant).claiming("ada", B).draft());
    }

    @Test
    void exactlyTheStreamsThatMovedAreNamed() {
        LOG.appended(ACCESS, Drafts.outcome(tenant).retiring(A, 0).draft());
        LOG.appended(ACCESS, Drafts.outcome(tenant).retiring(B, 0).draft());
        Drafts stale = Drafts.outcome(tenant)
                .retiring(ROLE_MODEL, 0)
                .restingOn(A, 0)
                .restingOn(B, 1)
                .restingOn(StreamId.of("identity", "principal", "p"), 2);
        assertThat(append(stale))
                .isEqualTo(new AppendResult.Moved(Set.of(A, StreamId.of("identity", "principal", "p"))));
    }

    @Test
    void anEmptinessThatMatteredIsGuarded() {
        Drafts decidedOnEmpty = Drafts.outcome(tenant).retiring(A, 0).restingOn(ROLE_MODEL, 0);
        LOG.appended(ACCESS, Drafts.outcome(tenant).retiring(ROLE_MODEL, 0).draft());
        assertThat(append(decidedOnEmpty)).isEqualTo(new AppendResult.Moved(Set.of(ROLE_MODEL)));
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant).retiring(A, 0).restingOn(ROLE_MODEL, 1).draft());
    }

    private AppendResult append(Drafts draft) {
        return LOG.appender(ACCESS).append(draft.draft());
    }
}
