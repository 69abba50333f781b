package dev.chancery.identity;

import static dev.chancery.identity.Installation.INSTANCE;
import static dev.chancery.identity.Installation.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.database.DatabaseRole;
import dev.chancery.identity.Installation.Process;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Organisations whose log can't be begun yet, over a real one. */
class ProvisioningLoopTest {
    @TempDir
    private Path directory;

    private Installation installation;
    private Process process;

    @BeforeEach
    void anInstallationThatRuns() {
        installation = new Installation(directory);
        process = installation.new Process();
        process.start();
    }

    @AfterEach
    void close() {
        installation.close();
    }

    @Test
    void anOrganisationThatCouldNotBeFoundedWhenItWasCreatedIsFoundedOnceItCanBe() throws IOException {
        String clientId = installation.claimed(process).getClientId();
        installation.sql(DatabaseRole.OWNER, "REVOKE INSERT ON log.head FROM chancery_writer");
        String tenant = installation.createdBy(process, clientId);
        assertThat(installation.founding.size(tenant)).isEqualTo(-1);

        installation.sql(DatabaseRole.OWNER, "GRANT INSERT ON log.head TO chancery_writer");

        await(() -> isFounded(tenant));
        assertThat(installation.founding.size(tenant)).isEqualTo(1);
    }

    @Test
    void aStartWaitsForNoLogAndItsOrganisationsAreFoundedOnceTheLogCanBeWritten() {
        String tenant = process.createdOnly();
        installation.sql(DatabaseRole.RELAY, "UPDATE log.reconciled SET timeline = timeline + 1");

        installation.new Process().start();
        assertThat(installation.founding.size(tenant)).isEqualTo(0);
        installation.sql(DatabaseRole.RELAY, "UPDATE log.reconciled SET timeline = timeline - 1");

        await(() -> isFounded(tenant));
    }

    @Test
    void aLogThatIsStoppedHoldsUpNoStartAndNoOther() throws IOException {
        String stopped =
                installation.createdBy(process, installation.claimed(process).getClientId());
        installation.withAnotherContract(stopped);
        String unfounded = process.createdOnly();
        installation.founding.begin(unfounded);
        installation.sql(DatabaseRole.RELAY, "UPDATE log.head SET forked_at = 0 WHERE tenant <> 'instance'");
        String other = process.createdOnly();

        installation.new Process().start();

        assertThat(isFounded(other)).isTrue();
        assertThat(installation.adopted(stopped).sha256()).isEqualTo(ByteString.copyFromUtf8("another"));
        assertThat(installation.founding.size(unfounded)).isEqualTo(0);
        installation.sql(DatabaseRole.RELAY, "UPDATE log.head SET forked_at = NULL");
        await(() -> isFounded(unfounded));
    }

    @Test
    void aLogThatIsNotFoundedAdoptsNoContract() {
        String unreadable = process.createdUnreadable();
        String other = process.createdOnly();

        installation.new Process().start();

        assertThat(installation.founding.size(unreadable)).isEqualTo(0);
        assertThat(isFounded(other)).isTrue();
    }

    @Test
    void aLogThatWasGivenAContractBeforeItsFirstGrantIsFoundedAllTheSame() {
        String tenant = process.createdOnly();
        installation.founding.begin(tenant);
        installation.withAnotherContract(tenant, 0);

        installation.new Process().start();

        assertThat(isFounded(tenant)).isTrue();
        assertThat(installation.adopted(tenant).sha256())
                .isEqualTo(ByteString.copyFrom(installation.contract.sha256()));
        assertThat(installation.founding.size(tenant)).isEqualTo(2);
    }

    @Test
    void whatAnotherProcessCreatedAndDidNotLiveToFoundIsFoundedWithoutAStart() {
        try (var foundings = new ProvisioningLoop(installation.founder(), Duration.ofMillis(10))) {
            foundings.start();
            String tenant = process.createdOnly();

            await(() -> isFounded(tenant));
        }
    }

    @Test
    void aProcessThatStoppedFoundsNoMore() {
        process.createdUnreadable();
        Process another = installation.new Process();
        another.start();
        assertThat(isFounding()).isTrue();

        another.stop();
        process.stop();

        assertThat(isFounding()).isFalse();
        assertThat(installation.founding.size(INSTANCE)).isEqualTo(2);
    }

    private boolean isFounded(String tenant) {
        return installation.founded(tenant).isClaimed();
    }

    private static boolean isFounding() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.isAlive() && thread.getName().equals("foundings"));
    }
}
