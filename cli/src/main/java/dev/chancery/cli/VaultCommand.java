package dev.chancery.cli;

import picocli.CommandLine.Command;

@Command(
        name = "vault",
        description = "What is done about secrets, beside calls.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class VaultCommand {}
