package dev.chancery.quickstart.input;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.rbac.v1.ListRolesRequest;
import org.junit.jupiter.api.Test;

/** A quick start with limits as an operator sets them: the caller is told, over REST and gRPC, and others are not touched. */
class RateLimitIT {
    private static final String LIST = "chancery.rbac.v1.RbacService/ListRoles";
    private static final ListRolesRequest ALL = ListRolesRequest.getDefaultInstance();

    @Test
    void aCallerBeyondItsLimitIsToldWhenToTryAgain() {
        try (RunningInstance running = RunningInstance.start(
                        RunningInstance.newDirectory("limits"),
                        "-Dchancery.limits.service-reads=3/h burst 3",
                        "-Dchancery.limits.person-reads=3/h burst 3");
                SharedInstance people = SharedInstance.on(running)) {
            ContractMethod list = people.method(LIST);
            for (int i = 0; i < 3; i++) {
                Reply reply = people.wire.rest(list, ALL, people.a.headers());
                assertThat(reply.succeeded()).as("%s", reply).isTrue();
            }

            Reply refused = people.wire.rest(list, ALL, people.a.headers());

            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.json().getString("code")).isEqualTo("request.rate-limited");
            assertThat(refused.header("ratelimit-policy")).matches("\"(person|service)-reads\";q=3;w=3600");
            assertThat(Integer.parseInt(refused.header("retry-after"))).isBetween(1_000, 1_200);
            assertThat(people.wire.grpc(list, ALL, people.a.headers()).code()).isEqualTo("request.rate-limited");
            assertThat(people.wire.rest(list, ALL, people.b.headers()).succeeded())
                    .isTrue();
            assertThat(running.logText()).containsOnlyOnce("Rate limit reached").contains(people.a.tenant());
        }
    }
}
