package dev.chancery.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PathTemplateTest {
    private final PathTemplate retire = PathTemplate.parse("/access/v1/roles/{role}/retire");

    @Test
    void aPathYieldsItsVariables() {
        assertThat(retire.variables()).containsExactly("role");
    }

    @Test
    void templatesOverlapWhereOnePathMatchesBoth() {
        assertThat(retire.overlaps(PathTemplate.parse("/access/v1/{kind}/editor/retire")))
                .isTrue();
        assertThat(retire.overlaps(PathTemplate.parse("/access/v1/roles/{role}/end")))
                .isFalse();
        assertThat(retire.overlaps(PathTemplate.parse("/access/v1/roles"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "access/v1", "/", "/a//b", "/a/", "/A", "/a/{b", "/a/{b}c", "/a/{b}/{b}", "/a?b", "/.."})
    void whatIsNotATemplateIsRefused(String text) {
        assertThatThrownBy(() -> PathTemplate.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
