package dev.keyhole.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The entry point of the {@code keyhole} command. */
@Command(
        name = "keyhole",
        description =
                "AI inference on somebody else's machine, addressed by nothing but a public key.",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DemoCommand.class,
            ProvideCommand.class,
            ChatCommand.class,
            PingCommand.class,
            DoctorCommand.class,
            KeysCommand.class,
            BootstrapCommand.class,
            TestnetCommand.class,
            DhtCommand.class,
            ListenCommand.class,
            ConnectCommand.class,
            RelayCommand.class,
            InteropEndpointCommand.class,
            HelpCommand.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:success", "1:the work failed", "2:wrong usage", "130:interrupted"},
        footerHeading = "%nExamples:%n",
        footer = {
            "  keyhole demo",
            "  keyhole provide --allow 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",
            "  keyhole chat d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
        })
public final class Keyhole implements Runnable {

    /** The work failed. */
    static final int FAILED = 1;

    /** The command was not understood. */
    static final int USAGE = 2;

    @Spec private @Nullable CommandSpec spec;

    private Keyhole() {}

    public static void main(String[] args) {
        int status = run(args);
        System.out.flush();
        System.err.flush();
        System.exit(status);
    }

    /** Runs one command line and says with which status the process should end. */
    static int run(String... args) {
        return commandLine().execute(args);
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Keyhole());
        line.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler(Keyhole::failed);
        line.setParameterExceptionHandler(Keyhole::misused);
        return line;
    }

    @Override
    public void run() {
        CommandSpec own = java.util.Objects.requireNonNull(spec);
        throw new ParameterException(own.commandLine(), "a command is missing");
    }

    private static int misused(ParameterException misuse, String[] args) {
        CommandLine line = misuse.getCommandLine();
        PrintWriter err = line.getErr();
        err.println("keyhole: " + Failures.text(misuse));
        CommandLine.UnmatchedArgumentException.printSuggestions(misuse, err);
        err.println("Try '" + line.getCommandSpec().qualifiedName() + " --help'.");
        return USAGE;
    }

    private static int failed(Exception failure, CommandLine line, CommandLine.ParseResult result) {
        line.getErr().println("keyhole: " + Failures.text(failure));
        if (Boolean.getBoolean("keyhole.debug")) {
            failure.printStackTrace(line.getErr());
        }
        return failure instanceof UsageException ? USAGE : FAILED;
    }
}
