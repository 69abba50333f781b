package dev.chancery.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.feature.FeatureDescription;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractEndpoint;
import dev.chancery.schema.ContractMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** deploy.md tells a gateway where each path of the contract goes, and of none that there isn't. */
class GatewayTest {
    private static final Path PAGE =
            Path.of(System.getProperty("chancery.root", "../..")).resolve("docs/how-to/deploy.md");
    private static final Pattern ROW = Pattern.compile("\\| ((?:`/[a-z.-]+`(?:, )?)+) \\| `([a-z]+)` \\|");

    @Test
    void everyPathOfTheContractHasItsProcess() throws IOException {
        Map<String, String> told = new TreeMap<>();
        Matcher row = ROW.matcher(Files.readString(PAGE));
        while (row.find()) {
            for (String path : row.group(1).split(", ")) {
                assertThat(told.put(path.replace("`", ""), row.group(2)))
                        .as(path)
                        .isNull();
            }
        }
        assertThat(told).isEqualTo(served());
    }

    /** The first segment of each path, and the process that answers it; what every process serves is nobody's to route. */
    private static Map<String, String> served() {
        Map<String, String> processes = new TreeMap<>();
        FeatureDescription.all().forEach(feature -> processes.put(feature.name(), KafkaGrants.user(feature.process())));
        Map<String, String> served = new TreeMap<>();
        for (ContractMethod method : Contract.load().methods()) {
            put(served, method.pathTemplate().text(), processes.get(method.feature()));
        }
        for (ContractEndpoint endpoint : Contract.load().endpoints()) {
            if (!endpoint.isGrpc()) {
                put(served, endpoint.path(), processes.get(endpoint.feature()));
            }
        }
        return served;
    }

    private static void put(
            Map<String, String> served, String path, @org.jspecify.annotations.Nullable String process) {
        if (process != null) {
            String prefix = path.replaceFirst("(?<=.)/.*", "");
            String before = served.put(prefix, process);
            assertThat(before).as(prefix).isIn(null, process);
        }
    }
}
