package dev.keyhole.model.message;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;

/**
 * Messages as bytes and back.
 *
 * <p>A request is one JSON object without a line feed. A response is the same in a reply, and a
 * line in a stream; {@link LineSplitter} finds the lines.
 */
public final class MessageJson {

    private MessageJson() {}

    /**
     * What a provider reads.
     *
     * @throws RefusedRequestException with the error to answer
     */
    public static ReceivedRequest readRequest(byte[] bytes) throws RefusedRequestException {
        return RequestReader.read(bytes);
    }

    public static byte[] write(Request request) {
        return Json.bytes(RequestWriter.write(request));
    }

    public static byte[] write(Request request, ProfilingRequest profiling) {
        ObjectNode node = RequestWriter.write(request);
        String id = profiling.id();
        if (id != null) {
            ObjectNode envelope = node.putObject("__profiling").put("id", id);
            if (profiling.includeServer()) {
                envelope.put("includeServer", true);
            }
        }
        return Json.bytes(node);
    }

    /** What a consumer reads: a reply, or a line of a stream. */
    public static Response readResponse(byte[] bytes) throws InvalidMessageException {
        return ResponseReader.read(bytes);
    }

    public static byte[] write(Response response) {
        return Json.bytes(ResponseWriter.write(response));
    }

    public static byte[] write(Response response, ProfilingAnswer profiling) {
        ObjectNode node = ResponseWriter.write(response);
        node.set("__profiling", ResponseWriter.profiling(profiling));
        return Json.bytes(node);
    }

    /** A response for a stream, which ends with a line feed. */
    public static byte[] writeLine(Response response) {
        return line(write(response));
    }

    public static byte[] writeLine(Response response, ProfilingAnswer profiling) {
        return line(write(response, profiling));
    }

    private static byte[] line(byte[] json) {
        byte[] line = Arrays.copyOf(json, json.length + 1);
        line[json.length] = '\n';
        return line;
    }
}
