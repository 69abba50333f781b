package dev.chancery.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractEndpoint;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What JAX-RS serves is what the contract says is served besides its methods. */
class StandardEndpointsTest {
    @Test
    void everyResourceIsInTheContractAndTheOtherWayRound() {
        List<String> declared = Contract.load().endpoints().stream()
                .filter(endpoint -> !endpoint.isGrpc() && !endpoint.path().startsWith("/q/health"))
                .map(ContractEndpoint::toString)
                .map(endpoint -> endpoint.replace("=**}", "}"))
                .toList();
        assertThat(served()).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(declared);
    }

    private static List<String> served() {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("dev.chancery").stream()
                        .filter(resource -> resource.isAnnotatedWith(Path.class))
                        .flatMap(resource -> resource.getMethods().stream().flatMap(method -> served(resource, method)))
                        .toList();
    }

    private static Stream<String> served(JavaClass resource, JavaMethod method) {
        String root = resource.getAnnotationOfType(Path.class).value();
        String below =
                method.tryGetAnnotationOfType(Path.class).map(Path::value).orElse("");
        String path = ("/" + root + "/" + below)
                .replaceAll("/+", "/")
                .replaceAll("(?<=.)/$", "")
                .replace(":.+}", "}");
        return method.getAnnotations().stream()
                .filter(annotation -> annotation.getRawType().isAnnotatedWith(HttpMethod.class))
                .map(annotation -> annotation.getRawType().getSimpleName() + " " + path);
    }
}
