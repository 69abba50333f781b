package dev.chancery.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.Examples;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RestTransportTest {
    private static final String ID = "0199f2aa-0000-7000-8000-000000000001";

    @Test
    void everyMethodsPathTakesItsVariablesOutOfTheRequest() throws Exception {
        Map<String, String> values = new HashMap<>();
        Examples.PLACEHOLDERS.forEach(name -> values.put(name, ID));
        values.put("inAnHour", "1798761600000");
        values.put("publicKey", "A".repeat(43) + "=");
        for (ContractMethod method : Contract.load().methods()) {
            Message.Builder request = method.requestPrototype().newBuilderForType();
            JsonFormat.parser().merge(Examples.fill(Examples.of(method), values), request);
            Message whole = request.build();
            String path = RestTransport.path(method, whole, request);
            assertThat(path)
                    .as(method.fullName())
                    .matches(method.pathTemplate().text().replaceAll("\\{[a-z_]+}", "[^/]+"));
            for (String variable : method.pathTemplate().variables()) {
                FieldDescriptor field = method.input().findFieldByName(variable);
                assertThat(request.getField(field)).isEqualTo("");
                assertThat(path).contains("/" + whole.getField(field));
            }
        }
    }

    @Test
    void aVariablesValueStaysInItsSegment() {
        ContractMethod retire = Contract.load()
                .method("chancery.access.v1.AccessService/RetireRole")
                .orElseThrow();
        var request = RetireRoleRequest.newBuilder().setRole("a/../b c?d").build();
        assertThat(RestTransport.path(retire, request, request.toBuilder()))
                .isEqualTo("/access/v1/roles/a%2F..%2Fb%20c%3Fd/retire");
    }
}
