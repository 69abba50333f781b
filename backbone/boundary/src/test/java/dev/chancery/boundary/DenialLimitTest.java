package dev.chancery.boundary;

import static dev.chancery.boundary.TestInstance.BEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.boundary.limits.RateLimits;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.DenialLimit;
import dev.chancery.schema.access.v1.RetireRoleReply;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Denials of a privileged method beyond the limit share a record. */
class DenialLimitTest {
    private static final String RETIRE = "chancery.access.v1.AccessService/RetireRole";
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);

    @Test
    void denialsBeyondTheLimitShareARecordThatSaysHowMany() {
        var denials = new DenialLimit(3);
        var instance = new TestInstance(RateLimits.none(), denials);
        instance.methods.command(
                RETIRE,
                RetireRoleRequest.class,
                (context, request) -> CommandOutcome.already(RetireRoleReply.getDefaultInstance()));
        String tenant = instance.organisation();

        for (int i = 0; i < 10; i++) {
            CallResult answer = instance.call(
                    RETIRE, RetireRoleRequest.newBuilder().setRole("clerk").build(), instance.as(BEN, tenant));
            assertThat(((CallResult.Refused) answer).rejection()).isEqualTo(BoundaryRejection.FORBIDDEN);
        }
        assertThat(instance.statements(tenant, 1)).hasSize(3);
        denials.close();

        List<Statement> records = instance.statements(tenant, 1);
        assertThat(records).hasSize(4).allSatisfy(record -> {
            assertThat(record.getOutcome().getResult()).isEqualTo(Result.DENIED);
            assertThat(record.getOutcome().getCode()).isEqualTo("auth.forbidden");
            assertThat(record.getActor().getId()).isEqualTo(BEN);
        });
        assertThat(records.stream().map(record -> record.getOutcome().getDenials()))
                .containsExactly(0L, 0L, 0L, 7L);
    }

    /** It may hold a secret: a denied WriteSecret does. */
    @Test
    void aRefusedRequestIsNotKeptUntilTheSharedRecordIsWritten() {
        var denials = new DenialLimit(1);
        var instance = new TestInstance(RateLimits.none(), denials);
        instance.methods.command(
                RETIRE,
                RetireRoleRequest.class,
                (context, request) -> CommandOutcome.already(RetireRoleReply.getDefaultInstance()));
        String tenant = instance.organisation();
        refused(instance, tenant);

        WeakReference<RetireRoleRequest> beyondTheLimit = refused(instance, tenant);
        long deadline = System.nanoTime() + LIMIT_NANOS;
        while (beyondTheLimit.get() != null) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            System.gc();
        }

        assertThat(instance.statements(tenant, 1)).hasSize(1);
        denials.close();
        assertThat(instance.statements(tenant, 1)).hasSize(2);
    }

    private static WeakReference<RetireRoleRequest> refused(TestInstance instance, String tenant) {
        var request = RetireRoleRequest.newBuilder().setRole("clerk").build();
        CallResult answer = instance.call(RETIRE, request, instance.as(BEN, tenant));
        assertThat(((CallResult.Refused) answer).rejection()).isEqualTo(BoundaryRejection.FORBIDDEN);
        return new WeakReference<>(request);
    }
}
