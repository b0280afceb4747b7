package org.vgg4j.run;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.tensor.InvalidInputException;

/**
 * One option of a run, declared once in {@link Settings}: from that come its flag and help, its
 * place in {@code config.json}, and whether a resumed run may change it.
 *
 * @param <S> what it is read from
 * @param <T> its type
 * @param key its key in {@code config.json}, with {@code net.} before those of the net
 * @param form how its values are written
 * @param reader gives its value; null where there is none
 * @param flag how it is said on the command line, null when it is not said by itself
 * @param change when it may change
 * @param changedBy others that may change it too
 * @param entails what else changes with it, when it is given
 * @param isOptional whether its key is left out when there is no value
 */
public record Setting<S, T>(
    String key,
    Form<T> form,
    Function<S, T> reader,
    Flag flag,
    Change change,
    List<Setting<?, ?>> changedBy,
    Function<T, Map<String, Object>> entails,
    boolean isOptional) {

  /** When a resumed run may have another value, if that is asked for. */
  public enum Change {
    /** At any time. */
    ALWAYS,
    /** Where an epoch ends: a place within one depends on it. */
    BETWEEN_EPOCHS,
    /** Not once there is a checkpoint, whose tensors were made for it. */
    NEVER
  }

  /**
   * A flag of the command line.
   *
   * @param name such as --lr
   * @param label what stands for the value in the help, null for a yes or no
   * @param help what it does, one sentence without its full stop
   * @param otherwise the default in words, null when the recipes say it or there is none
   */
  public record Flag(String name, String label, String help, String otherwise) {}

  /**
   * How values are written.
   *
   * @param <T> their type
   * @param what a text must be
   * @param parser reads a text; throws IllegalArgumentException or InvalidInputException
   * @param plain returns a value as JSON has it
   */
  record Form<T>(String what, Function<String, T> parser, Function<T, Object> plain) {
    static final Form<String> TEXT = new Form<>("a text", text -> text, text -> text);
    static final Form<Boolean> TRUTH =
        new Form<>(
            "true or false",
            text ->
                switch (text) {
                  case "true" -> true;
                  case "false" -> false;
                  default -> throw new IllegalArgumentException(text);
                },
            value -> value);
    static final Form<Integer> COUNT =
        new Form<>("a whole number below 2^31", Integer::valueOf, value -> value);
    static final Form<Long> LONG = new Form<>("a whole number", Long::valueOf, value -> value);
    static final Form<Double> REAL = new Form<>("a number", Double::valueOf, value -> value);
    static final Form<Long> BYTES =
        new Form<>("a size such as 512M or 1G", Form::bytes, value -> value);

    /** Returns a form whose parser says itself what a text must be. */
    static <T> Form<T> of(Function<String, T> parser, Function<T, Object> plain) {
      return new Form<>(null, parser, plain);
    }

    private static final Pattern SIZE =
        Pattern.compile("(\\d{1,9}(?=[KMG])|\\d{1,18}(?![KMG]))([KMG]?)B?");

    private static long bytes(String text) {
      Matcher parts = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
      if (!parts.matches()) {
        throw new IllegalArgumentException(text);
      }
      return Long.parseLong(parts.group(1)) << (10 * " KMG".indexOf(parts.group(2)));
    }
  }

  static <S, T> Setting<S, T> of(String key, Form<T> form, Function<S, T> reader) {
    return new Setting<>(
        key, form, reader, null, Change.ALWAYS, List.of(), value -> Map.of(), false);
  }

  Setting<S, T> flag(String name, String label, String help) {
    return flag(name, label, help, null);
  }

  Setting<S, T> flag(String name, String label, String help, String otherwise) {
    Flag said = new Flag(name, label, help, otherwise);
    return new Setting<>(key, form, reader, said, change, changedBy, entails, isOptional);
  }

  Setting<S, T> change(Change when) {
    return new Setting<>(key, form, reader, flag, when, changedBy, entails, isOptional);
  }

  Setting<S, T> changedBy(Setting<?, ?>... others) {
    return new Setting<>(key, form, reader, flag, change, List.of(others), entails, isOptional);
  }

  Setting<S, T> entails(Function<T, Map<String, Object>> others) {
    return new Setting<>(key, form, reader, flag, change, changedBy, others, isOptional);
  }

  Setting<S, T> optional() {
    return new Setting<>(key, form, reader, flag, change, changedBy, entails, true);
  }

  Setting<S, T> addTo(List<Setting<S, ?>> list) {
    list.add(this);
    return this;
  }

  /** Returns the key without what it belongs to: the name of the field in the API. */
  public String field() {
    return key.substring(key.indexOf('.') + 1);
  }

  /** Returns the flag that says it, of another setting where it has none; else the key. */
  public String flagName() {
    return flag != null ? flag.name() : changedBy.isEmpty() ? key : changedBy.get(0).flagName();
  }

  /**
   * Reads a value.
   *
   * @throws InvalidInputException when it is none of this kind
   */
  public T parse(String text) {
    try {
      return form.parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw InvalidInputException.of(field(), "must be " + form.what + ", not " + text, e);
    }
  }

  /** Returns the value in a flat configuration, null when there is none. */
  public T find(Map<String, ?> config) {
    Object value = config.get(key);
    return value == null ? null : parse(value.toString());
  }

  /**
   * Returns the value in a flat configuration.
   *
   * @throws InvalidInputException when there is none
   */
  T in(Map<String, ?> config) {
    if (config.get(key) == null) {
      throw new InvalidInputException("the configuration has no '" + key + "'");
    }
    return find(config);
  }

  /** Puts the value of a source into a flat configuration. */
  void write(S source, Map<String, Object> config) {
    T value = reader.apply(source);
    if (value != null || !isOptional) {
      config.put(key, value == null ? null : form.plain.apply(value));
    }
  }

  /** Puts what was given, and what it entails, into a flat configuration. */
  void change(String text, Map<String, Object> config) {
    T value = parse(text);
    config.put(key, form.plain.apply(value));
    config.putAll(entails.apply(value));
  }
}
