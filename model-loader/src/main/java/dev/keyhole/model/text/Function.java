package dev.keyhole.model.text;

import java.util.List;
import java.util.Map;

/** Something that a template can call. */
interface Function {

    Object call(List<Object> positional, Map<String, Object> named);
}
