package dev.chancery.schema;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.Message;
import dev.chancery.schema.options.v1.ActionContract;
import dev.chancery.schema.options.v1.CapabilityContract;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.MethodContract;
import dev.chancery.schema.options.v1.Options;
import dev.chancery.schema.options.v1.RateClass;
import dev.chancery.schema.options.v1.Recorder;
import dev.chancery.schema.options.v1.StandardEndpoint;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads methods and events from descriptors and refuses what is incomplete or contradicts itself. */
final class ContractReader {
    private static final Pattern PACKAGE = Pattern.compile("chancery\\.([a-z]+)\\.v[0-9]+");
    private static final Pattern LINE = Pattern.compile("\\S.{0,127}");
    private static final Pattern AUDIT_ACTION = Pattern.compile("[a-z]{1,32}(\\.[a-z][a-z-]{0,21}){1,4}");
    private static final Pattern REST = Pattern.compile("(GET|POST) (\\S+)");

    private final List<FileDescriptor> files;
    private final Function<Descriptor, Optional<Message>> prototypes;

    ContractReader(List<FileDescriptor> roots, Function<Descriptor, Optional<Message>> prototypes) {
        this.files = roots.stream()
                .flatMap(root -> Stream.concat(root.getDependencies().stream(), Stream.of(root)))
                .filter(file -> file.getPackage().startsWith("chancery"))
                .distinct()
                .toList();
        this.prototypes = prototypes;
    }

    List<FileDescriptor> files() {
        return files;
    }

    List<ContractMethod> methods() {
        List<ContractMethod> methods = new ArrayList<>();
        for (FileDescriptor file : files) {
            for (ServiceDescriptor service : file.getServices()) {
                for (MethodDescriptor method : service.getMethods()) {
                    ContractMethod read = read(method);
                    methods.forEach(other -> refuseConflict(read, other));
                    methods.add(read);
                }
            }
        }
        methods.sort(Comparator.comparing((ContractMethod m) -> !m.isPublic()).thenComparing(ContractMethod::fullName));
        return List.copyOf(methods);
    }

    List<ContractEndpoint> endpoints() {
        return files.stream()
                .flatMap(file -> file.getServices().stream())
                .flatMap(service -> service.getOptions().getExtension(Options.standard).stream()
                        .map(declared -> read(service, declared)))
                .sorted(Comparator.comparing((ContractEndpoint endpoint) -> !endpoint.isPublic()))
                .toList();
    }

    /** What is recorded without a call of any method, in the order of the files. */
    List<ContractAction> actions() {
        Set<String> names = methods().stream().map(ContractMethod::auditAction).collect(Collectors.toSet());
        List<ContractAction> actions = new ArrayList<>();
        for (FileDescriptor file : files) {
            for (ActionContract declared : file.getOptions().getExtension(Options.action)) {
                String name = declared.getName();
                String feature = feature(file, name);
                require(isAction(name, feature), name, "is an action that is not <feature>.<words>");
                require(names.add(name), name, "is declared twice, or is a method's audit action too");
                require(declared.getBy().getNumber() > 0, name, "does not say by whom it is recorded");
                require(LINE.matcher(declared.getWhat()).matches(), name, "does not say in one line what it records");
                actions.add(new ContractAction(
                        name, feature, declared.getBy() == Recorder.RECORDER_SYSTEM, declared.getWhat()));
            }
        }
        return List.copyOf(actions);
    }

    /** What the services say of capabilities, by name. */
    Map<String, ContractCapability> capabilities() {
        Map<String, ContractCapability> capabilities = new HashMap<>();
        for (FileDescriptor file : files) {
            for (ServiceDescriptor service : file.getServices()) {
                for (CapabilityContract declared : service.getOptions().getExtension(Options.capability)) {
                    String name = declared.getName();
                    require(TextFormat.isCapability(name), name, "is a capability that is not resource:verb");
                    require(LINE.matcher(declared.getDescription()).matches(), name, "has no description of one line");
                    require(declared.getStepUpSeconds() >= 0, name, "has a step-up age that is too large");
                    require(
                            declared.getConsentRequired()
                                    != declared.getConsentPurpose().isEmpty(),
                            name,
                            "takes a consent for no purpose, or names a purpose and takes none");
                    var read = new ContractCapability(
                            name,
                            declared.getDescription(),
                            declared.getStepUpSeconds(),
                            declared.getBreakGlassOnly(),
                            declared.getConsentPurpose());
                    require(capabilities.put(name, read) == null, name, "is described twice");
                }
            }
        }
        return capabilities;
    }

    SortedMap<String, EventType> events() {
        SortedMap<String, EventType> events = new TreeMap<>();
        for (FileDescriptor file : files) {
            for (Descriptor message : file.getMessageTypes()) {
                String feature = message.getOptions().getExtension(Options.eventOf);
                if (feature.isEmpty()) {
                    continue;
                }
                String name = message.getFullName();
                // The database and the auditor tell an event's feature by its type's package.
                require(feature.equals(feature(file, name)), name, "is an event of another feature than its package's");
                events.put(name, new EventType(name, feature, prototype(message, name)));
            }
        }
        return events;
    }

    private ContractMethod read(MethodDescriptor method) {
        String name = method.getService().getFullName() + "/" + method.getName();
        require(method.getOptions().hasExtension(Options.method), name, "declares no (chancery.options.v1.method)");
        MethodContract declared = method.getOptions().getExtension(Options.method);
        String feature = feature(method.getFile(), name);
        require(!method.isClientStreaming() && !method.isServerStreaming(), name, "streams");
        require(declared.getRate() != RateClass.RATE_CLASS_UNSPECIFIED, name, "has no rate class");
        require(
                declared.getPublic() == declared.getCapability().isEmpty(),
                name,
                "either is public or asks for a capability");
        require(
                declared.getPublic() || TextFormat.isCapability(declared.getCapability()),
                name,
                "has a capability that is not resource:verb");
        require(
                declared.getWidenedByList().stream().allMatch(wider -> TextFormat.isCapability(wider)),
                name,
                "is widened by a capability that is not resource:verb");
        require(
                !declared.getPublic() || declared.getWidenedByCount() == 0,
                name,
                "is public and widened by a capability that nobody shows");
        require(
                !declared.getPrivileged() || !declared.getAuditAction().isEmpty(),
                name,
                "is privileged and has no audit action");
        require(
                declared.getAuditAction().isEmpty() || isAction(declared.getAuditAction(), feature),
                name,
                "has an audit action that is not <feature>.<words>");
        require(declared.getStepUpSeconds() >= 0, name, "has a step-up age that is too large");

        var rest = REST.matcher(declared.getRest());
        require(rest.matches(), name, "has no REST verb and path");
        PathTemplate path = path(rest.group(2), feature, name);
        boolean get = rest.group(1).equals("GET");
        for (FieldDescriptor field : method.getInputType().getFields()) {
            require(
                    !get || (!field.isRepeated() && field.getJavaType() != FieldDescriptor.JavaType.MESSAGE),
                    name,
                    "is a GET and its request has a repeated or nested field");
        }
        for (String variable : path.variables()) {
            FieldDescriptor field = method.getInputType().findFieldByName(variable);
            require(
                    field != null && field.getType() == FieldDescriptor.Type.STRING && !field.isRepeated(),
                    name,
                    "has a path variable that is not a singular string of its request");
            require(
                    field.getOptions().getExtension(Options.field).getRequired(),
                    name,
                    "has a path variable that its request does not require");
        }
        return new ContractMethod(
                name,
                feature,
                declared.getCapability(),
                List.copyOf(declared.getWidenedByList()),
                declared.getAuditAction(),
                declared.getPrivileged(),
                declared.getStepUpSeconds(),
                declared.getRate(),
                declared.getPublic(),
                declared.getInstanceOnly(),
                rest.group(1),
                path,
                prototype(method.getInputType(), name),
                prototype(method.getOutputType(), name),
                isConfidential(method.getOutputType(), new HashSet<>()));
    }

    private static boolean isAction(String name, String feature) {
        return name.startsWith(feature + ".") && AUDIT_ACTION.matcher(name).matches();
    }

    private static ContractEndpoint read(ServiceDescriptor service, StandardEndpoint declared) {
        String name = service.getFullName() + ", " + declared.getRest() + declared.getGrpc();
        var rest = REST.matcher(declared.getRest());
        boolean isRest = rest.matches();
        require(
                isRest == declared.getGrpc().isEmpty(),
                name,
                "has neither REST verb and path nor a gRPC service, or both");
        require(
                declared.getPublic()
                        ? declared.getCapability().isEmpty()
                        : TextFormat.isCapability(declared.getCapability()),
                name,
                "either is public or asks for a capability");
        require(!declared.getWhat().isEmpty(), name, "does not say what it is");
        return new ContractEndpoint(
                feature(service.getFile(), name),
                isRest ? rest.group(1) : "",
                isRest ? rest.group(2) : declared.getGrpc(),
                declared.getCapability(),
                declared.getWhat());
    }

    private static PathTemplate path(String text, String feature, String name) {
        try {
            PathTemplate path = PathTemplate.parse(text);
            require(text.startsWith("/" + feature + "/v"), name, "has a path outside /" + feature + "/v…");
            return path;
        } catch (IllegalArgumentException e) {
            throw new InvalidContract(name, "has a malformed path", e);
        }
    }

    private static void refuseConflict(ContractMethod method, ContractMethod other) {
        require(!method.fullName().equals(other.fullName()), method.fullName(), "is there twice");
        require(
                !method.writes() || !method.auditAction().equals(other.auditAction()),
                method.fullName(),
                "has the audit action of " + other.fullName());
        require(
                !method.httpMethod().equals(other.httpMethod())
                        || !method.pathTemplate().overlaps(other.pathTemplate()),
                method.fullName(),
                "has a path that " + other.fullName() + " answers too");
    }

    private static boolean isConfidential(Descriptor message, Set<Descriptor> seen) {
        if (!seen.add(message)) {
            return false;
        }
        return message.getFields().stream()
                .anyMatch(field -> field.getOptions()
                                        .getExtension(Options.field)
                                        .getClass_()
                                        .getNumber()
                                >= DataClass.DATA_CLASS_CONFIDENTIAL_VALUE
                        || (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                                && isConfidential(field.getMessageType(), seen)));
    }

    private Message prototype(Descriptor message, String name) {
        Optional<Message> prototype = prototypes.apply(message);
        require(prototype.isPresent(), name, "uses " + message.getFullName() + ", which has no generated class");
        return prototype.orElseThrow();
    }

    private static String feature(FileDescriptor file, String name) {
        var matcher = PACKAGE.matcher(file.getPackage());
        require(matcher.matches(), name, "is not in a package chancery.<feature>.v<n>");
        return matcher.group(1);
    }

    private static void require(boolean holds, String subject, String problem) {
        if (!holds) {
            throw new InvalidContract(subject, problem);
        }
    }
}
