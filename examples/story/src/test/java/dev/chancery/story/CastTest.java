package dev.chancery.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CastTest {
    @Test
    void theSecretsAreAllConstants() throws IllegalAccessException {
        List<String> constants = new ArrayList<>();
        for (Field field : Cast.class.getDeclaredFields()) {
            if (field.getType() == String.class) {
                constants.add((String) field.get(null));
            }
        }
        assertThat(Cast.SECRETS).containsExactlyInAnyOrderElementsOf(constants).doesNotHaveDuplicates();
    }
}
