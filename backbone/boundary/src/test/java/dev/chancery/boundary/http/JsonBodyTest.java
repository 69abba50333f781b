package dev.chancery.boundary.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.util.JsonFormat;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.ProveDecisionRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonBodyTest {
    @Test
    void noBodyIsAnEmptyMessage() throws RefusedException {
        assertThat(role(new byte[0])).isEqualTo(DefineRoleRequest.getDefaultInstance());
    }

    @Test
    void bothNamesOfAFieldAreItsNames() throws RefusedException {
        var wanted = DefineCapabilityRequest.newBuilder().setStepUpSeconds(60).build();

        assertThat(capability("{'stepUpSeconds':60}")).isEqualTo(wanted);
        assertThat(capability("{'step_up_seconds':'60'}")).isEqualTo(wanted);
        assertThat(capability("{'step_up_seconds':6.0e1}")).isEqualTo(wanted);
    }

    @ParameterizedTest
    @ValueSource(strings = {"aGk=", "aGk", "_-8=", "/+8="})
    void bytesAreBase64(String text) throws RefusedException {
        var builder = ProveDecisionRequest.newBuilder();
        JsonBody.merge(quoted("{'requestHash':'" + text + "'}"), builder);
        assertThat(builder.getRequestHash().size()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"aGkhs", "aG!=", "aGk==", "a"})
    void whatIsNoBase64IsRefused(String text) {
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() ->
                        JsonBody.merge(quoted("{'requestHash':'" + text + "'}"), ProveDecisionRequest.newBuilder()))
                .satisfies(refused -> assertThat(refused.rejection()).isEqualTo(BoundaryRejection.MALFORMED));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    request.malformed     | null
                    request.malformed     | []
                    request.malformed     | 'role'
                    request.malformed     | {
                    request.malformed     | {}{}
                    request.malformed     | {} x
                    request.malformed     | {'role':'a','role':'b'}
                    request.malformed     | {'role':5e}
                    request.malformed     | {'role':{'a':1}}
                    request.malformed     | {'role':['a']}
                    request.malformed     | {'capabilities':[['a']]}
                    request.malformed     | {'capabilities':[null]}
                    request.malformed     | {'capabilities':{'a':1}}
                    request.malformed     | {role:'a'}
                    request.unknown-field | {'roles':'a'}
                    request.unknown-field | {'ROLE':'a'}
                    request.context-field | {'tenant':'t'}
                    request.context-field | {'role':'a','organisationId':'t'}
                    request.context-field | {'X-Chancery-Tenant':null}""")
    void whatIsNotTheMethodsRequestIsRefused(String code, String body) {
        assertRefused(code, quoted(body));
    }

    @Test
    void aBodyThatIsNotUtf8IsRefused() {
        assertRefused("request.malformed", new byte[] {'{', '"', (byte) 0xc3, '(', '"', ':', '1', '}'});
    }

    @Test
    void depthIsBounded() {
        assertRefused("request.malformed", quoted("{'capabilities':" + "[".repeat(20_000) + "]".repeat(20_000) + "}"));
    }

    @Timeout(value = 10, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ParameterizedTest
    @ValueSource(strings = {"1e600000000", "'1e600000000'", "1e-600000000", "-1E+200000000", "1e999"})
    void aNumberThatTakesMinutesToReadIsRefusedAtOnce(String number) {
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> capability("{'stepUpSeconds':" + number + "}"))
                .satisfies(refused -> assertThat(refused.rejection()).isEqualTo(BoundaryRejection.MALFORMED));
    }

    @Property
    void aRequestIsReadBackAsItWasWritten(@ForAll String name, @ForAll List<String> capabilities) throws Exception {
        var written = DefineRoleRequest.newBuilder()
                .setRole(valid(name))
                .addAllCapabilities(
                        capabilities.stream().map(JsonBodyTest::valid).toList())
                .build();

        assertThat(role(JsonFormat.printer().print(written).getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(written);
    }

    @Property
    void anyBytesAreAMessageOrARefusal(@ForAll byte[] body) {
        readOrRefused(body);
    }

    @Property
    void anythingLikeJsonIsAMessageOrARefusal(@ForAll("likeJson") String body) {
        readOrRefused(quoted(body));
    }

    @Provide
    Arbitrary<String> likeJson() {
        return Arbitraries.of(
                        "{",
                        "}",
                        "[",
                        "]",
                        ":",
                        ",",
                        "'",
                        "'role'",
                        "'capabilities'",
                        "'stepUpSeconds'",
                        "null",
                        "true",
                        "1",
                        "-",
                        "1e99",
                        "'\\ud800'",
                        "'\\u0000'",
                        " ",
                        "'tenant'",
                        "é",
                        "\uFEFF")
                .list()
                .ofMaxSize(24)
                .map(parts -> String.join("", parts));
    }

    private static void readOrRefused(byte[] body) {
        for (var builder : List.of(DefineRoleRequest.newBuilder(), DefineCapabilityRequest.newBuilder())) {
            try {
                JsonBody.merge(body, builder);
                assertThat(builder.isInitialized()).isTrue();
            } catch (RefusedException e) {
                assertThat(e.rejection())
                        .isIn(
                                BoundaryRejection.MALFORMED,
                                BoundaryRejection.UNKNOWN_FIELD,
                                BoundaryRejection.CONTEXT_FIELD);
            }
        }
    }

    private static void assertRefused(String code, byte[] body) {
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> role(body))
                .satisfies(refused -> assertThat(refused.rejection().code()).isEqualTo(code));
    }

    private static DefineRoleRequest role(byte[] body) throws RefusedException {
        var builder = DefineRoleRequest.newBuilder();
        JsonBody.merge(body, builder);
        return builder.build();
    }

    private static DefineCapabilityRequest capability(String body) throws RefusedException {
        var builder = DefineCapabilityRequest.newBuilder();
        JsonBody.merge(quoted(body), builder);
        return builder.build();
    }

    /** Text as UTF-8 can say it: no half of a pair. */
    private static String valid(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static byte[] quoted(String body) {
        return body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }
}
