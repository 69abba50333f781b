package dev.chancery.notices;

import com.google.protobuf.ByteString;
import dev.chancery.schema.identity.v1.PrincipalKeyChanged;
import org.junit.jupiter.api.AfterEach;

/** An organisation's log, and somebody in it whose key changes. */
abstract class WithNotices {
    static final String ADA = "ada@kestrel.example";

    final NoticesFixture log = new NoticesFixture();

    @AfterEach
    void end() {
        log.close();
    }

    void keyChanges(String person) {
        log.happens(
                person,
                PrincipalKeyChanged.newBuilder()
                        .setPrincipalId(person)
                        .setPublicKey(ByteString.copyFrom(new byte[32]))
                        .build());
        log.project();
    }
}
