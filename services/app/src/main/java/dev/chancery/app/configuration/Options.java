package dev.chancery.app.configuration;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;

/** Options of a part of the system, filled from the settings: a setting goes where it has the name of a record's component. */
final class Options {
    private Options() {}

    /**
     * @param settings a group of {@link ChanceryConfig}
     * @return the defaults, with the settings' values where there is a setting of the component's name and type
     */
    static <R extends Record> R filled(R defaults, Class<?> group, Object settings) {
        RecordComponent[] components = defaults.getClass().getRecordComponents();
        Object[] values = new Object[components.length];
        try {
            for (int i = 0; i < components.length; i++) {
                values[i] = isSetting(group, components[i])
                        ? group.getMethod(components[i].getName()).invoke(settings)
                        : components[i].getAccessor().invoke(defaults);
            }
            @SuppressWarnings("unchecked")
            R filled = (R) defaults.getClass()
                    .getConstructor(Arrays.stream(components)
                            .map(RecordComponent::getType)
                            .toArray(Class[]::new))
                    .newInstance(values);
            return filled;
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException wrong) {
                throw new Unusable("the configuration can't be used: " + wrong.getMessage());
            }
            throw new IllegalStateException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isSetting(Class<?> group, RecordComponent component) {
        return Arrays.stream(group.getDeclaredMethods())
                .anyMatch(setting -> setting.getName().equals(component.getName())
                        && setting.getReturnType().equals(component.getType()));
    }
}
