package dev.chancery.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.embedded.ServerNotStarted.Reason;
import java.io.IOException;
import java.net.BindException;
import org.junit.jupiter.api.Test;

class FailuresTest {
    @Test
    void aFullDiskIsRecognisedHoweverDeepItLies() {
        var cause = new IllegalStateException("x", new IOException("write: No space left on device"));

        assertThat(Failures.of(Reason.FAILED, "it", cause).reason()).isEqualTo(Reason.DISK_FULL);
    }

    @Test
    void aPageWrittenInPartIsAFullDisk() {
        assertThat(Failures.isDiskFull(
                        "FATAL:  could not extend file \"base/1/2691\": wrote only 4096 of 8192 bytes at block 16"))
                .isTrue();
    }

    @Test
    void aTakenPortIsRecognised() {
        var cause = new IllegalStateException("x", new BindException("y"));

        assertThat(Failures.of(Reason.FAILED, "it", cause).reason()).isEqualTo(Reason.PORT_IN_USE);
    }

    @Test
    void whatIsNotRecognisedStaysInOneLine() {
        var failure = Failures.of(Reason.FAILED, "it", new IOException("one\ntwo"));

        assertThat(failure.reason()).isEqualTo(Reason.FAILED);
        assertThat(failure).hasMessage("it: IOException one");
    }
}
