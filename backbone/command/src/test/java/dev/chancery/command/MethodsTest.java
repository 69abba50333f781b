package dev.chancery.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.google.protobuf.Message;
import dev.chancery.schema.Contract;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import org.junit.jupiter.api.Test;

class MethodsTest {
    private static final String RETIRE = "chancery.access.v1.AccessService/RetireRole";
    private static final String CHECK = "chancery.access.v1.AccessService/Check";
    private static final String ISSUE = "chancery.identity.v1.IdentityService/IssueToken";

    private final Methods methods = new Methods(Contract.load());

    @Test
    void aMethodIsFoundOnceItIsBound() {
        assertThat(methods.find(RETIRE)).isNull();

        methods.command(RETIRE, RetireRoleRequest.class, MethodsTest::refuse);

        assertThat(methods.find(RETIRE).contract().auditAction()).isEqualTo("access.role.retire");
        assertThat(methods.all()).hasSize(1);
    }

    @Test
    void aMethodIsBoundOnce() {
        methods.command(RETIRE, RetireRoleRequest.class, MethodsTest::refuse);

        assertThatIllegalStateException()
                .isThrownBy(() -> methods.command(RETIRE, RetireRoleRequest.class, MethodsTest::refuse))
                .withMessage("method " + RETIRE + " is bound twice");
    }

    @Test
    void aMethodThatTheContractDoesNotHaveIsNotBound() {
        assertThatIllegalStateException()
                .isThrownBy(() -> methods.command(RETIRE + "s", RetireRoleRequest.class, MethodsTest::refuse))
                .withMessage("method " + RETIRE + "s is not in the contract");
    }

    @Test
    void aMethodTakesTheContractsRequest() {
        assertThatIllegalStateException()
                .isThrownBy(() -> methods.command(RETIRE, CheckRequest.class, MethodsTest::refuse))
                .withMessage("method " + RETIRE + " takes another request");
    }

    @Test
    void aMethodThatNeedsACapabilityIsNotBoundAsPublic() {
        assertThatIllegalStateException()
                .isThrownBy(() ->
                        methods.publicCommand(RETIRE, RetireRoleRequest.class, request -> null, MethodsTest::refuse))
                .withMessage("method " + RETIRE + " is bound against its declaration");
    }

    @Test
    void aPublicMethodIsNotBoundAsOneThatNeedsACapability() {
        assertThatIllegalStateException()
                .isThrownBy(() -> methods.command(ISSUE, IssueTokenRequest.class, MethodsTest::refuse))
                .withMessage("method " + ISSUE + " is bound against its declaration");
    }

    @Test
    void whatWritesIsNoQueryAndWhatReadsIsNoCommand() {
        assertThatIllegalStateException()
                .isThrownBy(() -> methods.query(RETIRE, RetireRoleRequest.class, (context, request) -> request));
        assertThatIllegalStateException()
                .isThrownBy(() -> methods.command(CHECK, CheckRequest.class, MethodsTest::refuse));
    }

    @Test
    void aKeptCodeIsToldAgain() {
        methods.rejections(BoundaryRejection.ALL);

        assertThat(methods.rejection("auth.forbidden")).contains(BoundaryRejection.FORBIDDEN);
        assertThat(methods.rejection("auth.unheard-of")).isEmpty();
    }

    private static CommandOutcome refuse(CommandContext context, Message request) {
        return CommandOutcome.reject(BoundaryRejection.FORBIDDEN);
    }
}
