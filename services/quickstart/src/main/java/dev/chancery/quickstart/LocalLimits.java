package dev.chancery.quickstart;

import dev.chancery.app.configuration.ChanceryConfig;
import dev.chancery.boundary.limits.LimitOptions;
import dev.chancery.boundary.limits.Rate;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.SysPropConfigSource;
import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How many calls a quick start admits: as many as its machine can take, since demos, tests and benchmarks are one caller. System
 * properties, e.g. {@code -Dchancery.limits.person-reads="3/min burst 3"}, set what an installation's file does.
 */
final class LocalLimits {
    private static final String PREFIX = "chancery.limits";
    private static final String RATE = "1000000/s burst 1000000";

    private LocalLimits() {}

    static LimitOptions options() {
        Map<String, String> generous = new HashMap<>();
        for (RecordComponent limit : LimitOptions.class.getRecordComponents()) {
            String name = limit.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
            if (limit.getType() == int.class) {
                generous.put(PREFIX + "." + name, "1000000");
            } else if (limit.getType() == Rate.class) {
                generous.put(PREFIX + "." + name, RATE);
            }
        }
        return ChanceryConfig.options(new SmallRyeConfigBuilder()
                .withMapping(ChanceryConfig.CallLimits.class, PREFIX)
                .withSources(new PropertiesConfigSource(generous, "quickstart", 100), new SysPropConfigSource())
                .build()
                .getConfigMapping(ChanceryConfig.CallLimits.class, PREFIX));
    }
}
