package dev.chancery.boundary.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.command.Caller;
import dev.chancery.command.RefusedException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AdmittedCallTest {
    private final InFlight inFlight = new InFlight();

    private AdmittedCall admitted() throws RefusedException {
        var caller = new Caller("id", Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), "", "");
        return new AdmittedCall(caller, inFlight.enter(Optional.empty()));
    }

    @Test
    void thePermitIsReleasedWithTheResponse() throws RefusedException {
        AdmittedCall call = admitted();
        call.begin().close();
        assertThat(inFlight.unknownCalls()).isEqualTo(1);

        call.responseEnded();

        assertThat(inFlight.unknownCalls()).isZero();
    }

    @Test
    void workThatOutlivesItsConnectionKeepsThePermit() throws RefusedException {
        AdmittedCall call = admitted();
        try (var _ = call.begin()) {
            call.responseEnded();
            call.responseEnded();
            assertThat(inFlight.unknownCalls()).isEqualTo(1);
        }
        assertThat(inFlight.unknownCalls()).isZero();
    }

    @Test
    void nothingBeginsOnceTheResponseHasEnded() throws RefusedException {
        AdmittedCall call = admitted();
        call.responseEnded();

        assertThatExceptionOfType(RefusedException.class).isThrownBy(call::begin);
        assertThat(inFlight.unknownCalls()).isZero();
    }
}
