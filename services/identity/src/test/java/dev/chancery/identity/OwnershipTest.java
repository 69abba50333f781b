package dev.chancery.identity;

import static dev.chancery.identity.Installation.INSTANCE;
import static dev.chancery.identity.Requests.claiming;
import static dev.chancery.identity.Requests.code;
import static dev.chancery.identity.Requests.nobody;
import static dev.chancery.identity.Requests.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.identity.Installation.Process;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who becomes the owner, over a real log. */
class OwnershipTest {
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
    void theClaimMakesOneOwnerAndIsWithdrawn() throws IOException {
        Process process = installation.new Process();
        process.start();
        String claim = installation.claimText();

        assertThat(installation.claimed(process).getOwnerId())
                .isEqualTo(installation.foundation().holder());

        assertThat(installation.claim().isOffered()).isFalse();
        assertThat(code(process.call("ClaimOwner", claiming(claim, new Client()), nobody())))
                .isEqualTo("identity.claim-invalid");
        assertThat(process.token("instance." + installation.foundation().holder()))
                .isNotEmpty();
    }

    @Test
    void whoLostTheReplyGetsItWithTheSameKey() throws IOException {
        Process process = installation.new Process();
        process.start();
        String claim = installation.claimText();
        var first = process.call("ClaimOwner", claiming(claim, installation.owner), nobody("key"));

        assertThat(reply(ClaimOwnerReply.class, first).getClientId()).startsWith("instance.");
        assertThat(process.call("ClaimOwner", claiming(claim, installation.owner), nobody("key")))
                .isEqualTo(first);
    }

    @Test
    void anotherClaimIsNoneAndLeavesNoRecord() {
        Process process = installation.new Process();
        process.start();

        assertThat(code(process.call("ClaimOwner", claiming("A".repeat(43), installation.owner), nobody())))
                .isEqualTo("identity.claim-invalid");
        assertThat(installation.founding.size(INSTANCE)).isEqualTo(1);
        assertThat(installation.claim().isOffered()).isTrue();
    }

    @Test
    void aKeyThatIsNoPointOnTheCurveIsRefused() throws IOException {
        Process process = installation.new Process();
        process.start();
        var request = claiming(installation.claimText(), installation.owner).toBuilder();
        var small = ByteString.copyFrom(new byte[] {1}).concat(ByteString.copyFrom(new byte[31]));
        var none = ByteString.copyFrom(new byte[] {2}).concat(ByteString.copyFrom(new byte[31]));

        for (ByteString key : List.of(small, none, ByteString.copyFrom(new byte[32]))) {
            assertThat(code(process.call("ClaimOwner", request.setPublicKey(key).build(), nobody())))
                    .isEqualTo("identity.key-unusable");
        }
        assertThat(installation.foundation().isClaimed()).isFalse();
    }

    @Test
    void whoHoldsTheFilesRenewsTheClaimAndItsUserTakesTheOwnersPlace() throws IOException {
        Process process = installation.new Process();
        process.start();
        String used = installation.claimText();
        String before = installation.claimed(process).getOwnerId();
        String firstGrant = installation.foundation().assignmentId();
        process.stop();

        askForARenewal();
        Process next = installation.new Process();
        next.start();

        assertThat(installation.claimText()).isNotEqualTo(used);
        assertThat(code(next.call("ClaimOwner", claiming(used, new Client()), nobody())))
                .isEqualTo("identity.claim-invalid");
        String claim = installation.claimText();
        String owner = installation.claimed(next).getOwnerId();
        assertThat(owner).isNotEqualTo(before);
        assertThat(installation.foundation().holder()).isEqualTo(owner);
        assertThat(installation.foundation().assignmentId()).isNotEqualTo(firstGrant);
        assertThat(code(next.call("ClaimOwner", claiming(claim, new Client()), nobody())))
                .isEqualTo("identity.claim-invalid");
        long size = installation.founding.size(INSTANCE);
        installation.new Process().start();
        assertThat(installation.claim().isOffered()).isFalse();
        assertThat(installation.founding.size(INSTANCE)).as("renewed once").isEqualTo(size);
    }

    @Test
    void aRenewalThatBeganIsFinishedByTheNextStart() throws IOException {
        Process process = installation.new Process();
        process.start();
        installation.claimed(process);
        askForARenewal();
        ByteString written = installation.claim().offer();

        installation.new Process().start();

        assertThat(installation.foundation().claimHash()).isEqualTo(written);
        assertThat(installation.claim().isOffered()).isTrue();
        askForARenewal();
        installation.new Process().start();
        assertThat(installation.foundation().claimHash())
                .as("a crash before the request was removed")
                .isEqualTo(written);
    }

    private void askForARenewal() throws IOException {
        Path claim = installation.claim().file();
        Files.createFile(claim.resolveSibling(claim.getFileName() + ".renew"));
    }

    @Test
    void aStartAfterACrashWithdrawsAClaimThatWasUsed() throws IOException {
        Process process = installation.new Process();
        process.start();
        String claim = installation.claimText();
        installation.claimed(process);
        Files.writeString(installation.claim().file(), claim);

        installation.new Process().start();

        assertThat(installation.claim().isOffered()).isFalse();
    }
}
