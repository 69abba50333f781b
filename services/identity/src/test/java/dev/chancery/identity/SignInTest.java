package dev.chancery.identity;

import static dev.chancery.identity.Requests.asking;
import static dev.chancery.identity.Requests.code;
import static dev.chancery.identity.Requests.nobody;
import static dev.chancery.identity.Requests.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.identity.Installation.Process;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client assertion is worth, over a real log. */
class SignInTest {
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
    void anAssertionIsGoodForOneToken() throws IOException {
        Process process = installation.new Process();
        process.start();
        String clientId = installation.claimed(process).getClientId();
        String assertion = installation.owner.assertion(clientId);

        var issued = reply(IssueTokenReply.class, process.call("IssueToken", asking(assertion), nobody()));
        assertThat(issued.getExpiresInSeconds()).isEqualTo(600);

        assertThat(code(process.call("IssueToken", asking(assertion), nobody())))
                .isEqualTo("identity.assertion-replayed");
        assertThat(code(installation.new Process().call("IssueToken", asking(assertion), nobody("key"))))
                .isEqualTo("identity.assertion-replayed");
    }

    @Test
    void anAssertionByAnotherKeyOrOfNobodyIsRefused() throws IOException {
        Process process = installation.new Process();
        process.start();
        String clientId = installation.claimed(process).getClientId();

        assertThat(code(process.call("IssueToken", asking(new Client().assertion(clientId)), nobody())))
                .isEqualTo("identity.assertion-invalid");
        assertThat(code(process.call(
                        "IssueToken",
                        asking(installation.owner.assertion("instance.0199f2aa-0000-7000-8000-00000000000b")),
                        nobody())))
                .isEqualTo("identity.assertion-invalid");
    }
}
