package dev.chancery.boundary.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.command.RefusedException;
import dev.chancery.schema.consent.v1.ConsentState;
import dev.chancery.schema.consent.v1.ListConsentsRequest;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fields of every kind that a GET's request has, in its query. */
class RestQueryTest {
    private static ListConsentsRequest consents(String name, String value) throws RefusedException {
        var request = ListConsentsRequest.newBuilder();
        RestApi.query(true, request, Map.entry(name, value));
        return request.build();
    }

    @Test
    void textNumbersConstantsAndFlagsAreRead() throws RefusedException {
        assertThat(consents("purpose", "research").getPurpose()).isEqualTo("research");
        assertThat(consents("page_size", "4294967295").getPageSize()).isEqualTo(-1);
        assertThat(consents("fromMillis", "7").getFromMillis()).isEqualTo(7);
        assertThat(consents("state", "CONSENT_STATE_WITHDRAWN").getState())
                .isEqualTo(ConsentState.CONSENT_STATE_WITHDRAWN);
        var assignments = ListAssignmentsRequest.newBuilder();
        RestApi.query(true, assignments, Map.entry("withoutEnd", "true"));
        assertThat(assignments.getWithoutEnd()).isTrue();
        RestApi.query(true, ListAssignmentsRequest.newBuilder(), Map.entry("withoutEnd", "false"));
    }

    @ParameterizedTest
    @CsvSource({
        "state,withdrawn,request.malformed",
        "state,3,request.malformed",
        "fromMillis,soon,request.malformed",
        "nothing,1,request.unknown-field"
    })
    void whatIsNoSuchValueIsRefused(String name, String value, String code) {
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> consents(name, value))
                .satisfies(refused -> assertThat(refused.rejection().code()).isEqualTo(code));
    }

    @ParameterizedTest
    @CsvSource({"1", "True", "yes", "''"})
    void aFlagIsTrueOrFalse(String value) {
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(
                        () -> RestApi.query(true, ListAssignmentsRequest.newBuilder(), Map.entry("withoutEnd", value)));
    }
}
