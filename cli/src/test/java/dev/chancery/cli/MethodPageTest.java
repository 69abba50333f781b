package dev.chancery.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DynamicMessage;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.FieldRules;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MethodPageTest {
    private static final Contract CONTRACT = Contract.load();
    private static final FieldRules RULES = FieldRules.of(CONTRACT);

    /** Whoever copies the example gets past the rules of the fields. */
    @ParameterizedTest
    @MethodSource("methods")
    void anExampleKeepsTheRules(ContractMethod method) {
        assertThat(RULES.check((DynamicMessage) MethodPage.example(method.input())))
                .isEmpty();
    }

    static Stream<ContractMethod> methods() {
        return CONTRACT.methods().stream();
    }

    @Test
    void aPageShowsPathFieldsAndRules() throws Exception {
        ContractMethod create = methods()
                .filter(method -> method.name().equals("CreatePrincipal"))
                .findFirst()
                .orElseThrow();
        var out = new ByteArrayOutputStream();
        MethodPage.print(create, new PrintStream(out, true, UTF_8));
        assertThat(out.toString(UTF_8))
                .contains("POST /identity/v1/principals", "principal:create", "publicKey", "required 32 or 65 bytes")
                .contains("\"publicKey\": \"AAAA");
    }
}
