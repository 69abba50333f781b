package dev.chancery.cli;

import picocli.CommandLine.Command;

@Command(
        name = "audit",
        description = "Checks what an instance left behind, offline.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class AuditCommand {}
