package dev.chancery.identity;

import static dev.chancery.identity.Installation.INSTANCE;
import static dev.chancery.identity.Requests.bearer;
import static dev.chancery.identity.Requests.organisation;
import static dev.chancery.identity.Requests.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.identity.Installation.Process;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What begins logs, over a real one. */
class OrganisationProvisionerTest {
    @TempDir
    private Path directory;

    private Installation installation;

    @BeforeEach
    void anEmptyInstallation() {
        installation = new Installation(directory);
    }

    @AfterEach
    void close() {
        installation.close();
    }

    @Test
    void theFirstStartBeginsTheInstallationsLogAndTheNextFindsItBegun() {
        installation.new Process().start();
        assertThat(installation.founding.size(INSTANCE)).isEqualTo(1);

        installation.new Process().start();
        assertThat(installation.founding.size(INSTANCE)).isEqualTo(1);
    }

    @Test
    void aStartFinishesAnInstallationThatACrashLeftEmpty() throws IOException {
        ByteString offered = installation.claim().offer();
        installation.founding.begin(INSTANCE);

        installation.new Process().start();

        assertThat(installation.founding.size(INSTANCE)).isEqualTo(1);
        assertThat(installation.foundation().claimHash()).isEqualTo(offered);
        assertThat(installation.foundation().claimHash()).isEqualTo(OwnerClaim.hash(installation.claimText()));
    }

    @Test
    void aStartFinishesAnOrganisationThatWasCreatedAndNotBegun() throws IOException {
        Process first = installation.new Process();
        first.start();
        String token = first.token(installation.claimed(first).getClientId());
        var created =
                reply(CreateOrganisationReply.class, first.call("CreateOrganisation", organisation(), bearer(token)));
        String tenant = created.getOrganisationId();
        assertThat(installation.founding.size(tenant)).isEqualTo(1);

        // The same creation, of which the organisation's log was never begun: as a crash in between leaves it.
        var another = first.createdOnly();
        assertThat(installation.founding.size(another)).isEqualTo(-1);
        installation.new Process().start();
        assertThat(installation.founding.size(another)).isEqualTo(1);

        // And one whose log was begun and not written.
        var empty = first.createdOnly();
        installation.founding.begin(empty);
        installation.new Process().start();
        installation.new Process().start();
        assertThat(installation.founding.size(empty)).isEqualTo(1);
        assertThat(installation.founding.size(tenant)).isEqualTo(1);
        assertThat(installation.founded(empty).role()).isEqualTo("administrator");
    }

    @Test
    void anotherContractIsAdoptedByEveryLogOnce() throws IOException {
        Process process = installation.new Process();
        process.start();
        String tenant =
                installation.createdBy(process, installation.claimed(process).getClientId());
        installation.withAnotherContract(INSTANCE);
        installation.withAnotherContract(tenant);

        installation.new Process().start();
        long instanceSize = installation.founding.size(INSTANCE);
        installation.new Process().start();

        assertThat(installation.adopted(INSTANCE).sha256())
                .isEqualTo(ByteString.copyFrom(installation.contract.sha256()));
        assertThat(installation.adopted(tenant).sha256())
                .isEqualTo(ByteString.copyFrom(installation.contract.sha256()));
        assertThat(installation.adopted(tenant).capabilities())
                .containsExactlyInAnyOrderElementsOf(installation.contract.capabilities(false));
        assertThat(installation.founding.size(tenant)).isEqualTo(3);
        assertThat(installation.founding.size(INSTANCE)).isEqualTo(instanceSize);
    }
}
