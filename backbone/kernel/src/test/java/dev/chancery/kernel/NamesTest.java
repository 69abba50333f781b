package dev.chancery.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"", "access", "access/", "Access/x", "access/a/b/c", "access//x", "access/../x/y", "access/x y"})
    void aStreamIdThatIsNoneIsRefused(String value) {
        assertThatThrownBy(() -> new StreamId(value)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aStreamKnowsItsFeature() {
        assertThat(StreamId.of("access", "assignments", "0199").feature()).isEqualTo("access");
    }

    @Property
    void aPositionIsReadBackAsItWasWritten(
            @ForAll @StringLength(min = 1, max = 36) @CharRange(from = 'a', to = 'z') String tenant,
            @ForAll @LongRange(min = 0, max = 999_999_999_999_999_999L) long value) {
        var position = new Position(tenant, value);

        assertThat(Position.parse(position.toString())).contains(position);
    }

    @Property
    void anyTextIsAPositionOrNone(@ForAll String text) {
        Position.parse(text)
                .ifPresent(position -> assertThat(position.toString()).isEqualTo(text));
    }
}
