package dev.chancery.boundary;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContextFieldsTest {
    @Test
    void everyNameOfContextIsOneHoweverItIsWritten() {
        assertThat(ContextFields.names()).isNotEmpty().allSatisfy(name -> {
            assertThat(ContextFields.isContext(name)).isTrue();
            assertThat(ContextFields.isContext(name.toUpperCase(Locale.ROOT))).isTrue();
            assertThat(ContextFields.isContext("X-" + name)).isTrue();
            assertThat(ContextFields.isContext("x_" + name)).isTrue();
            assertThat(ContextFields.isContext("Chancery-" + name)).isTrue();
            assertThat(ContextFields.isContext("x_chancery_" + name)).isTrue();
            assertThat(ContextFields.isContextHeader("Chancery-" + name)).isTrue();
            assertThat(ContextFields.isContextHeader("x_chancery_" + name)).isTrue();
            assertThat(ContextFields.isContextHeader("X-" + name)).isFalse();
            assertThat(ContextFields.isContextHeader(name)).isFalse();
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"tenant_id", "tenantId", "Acting-For", "on_behalf_of", "X-Organization-ID", "active-workspace"})
    void wordsAreDividedInAnyWay(String name) {
        assertThat(ContextFields.isContext(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Chancery-Anything", "X-Chancery-Chancery-Tenant", "chancery-tenant-bin", "Chancery-Role"})
    void aHeaderOfOurNameIsOneOfContextUnlessItIsOurs(String name) {
        assertThat(ContextFields.isContextHeader(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Chancery-Position",
                "chancery-request",
                "Chancery-Challenge",
                "X-User-Id",
                "X-Tenant-Id",
                "Cookie",
                "User",
                ""
            })
    void whatEverybodysProxySendsIsNot(String name) {
        assertThat(ContextFields.isContextHeader(name)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "workspace_id",
                "principal_id",
                "User-Agent",
                "role",
                "X-Request-ID",
                "Chancery-Position",
                "Idempotency-Key",
                "",
                "tenants",
                "x-"
            })
    void whomACommandIsAboutIsNotContext(String name) {
        assertThat(ContextFields.isContext(name)).isFalse();
    }
}
