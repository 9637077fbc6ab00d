#!/usr/bin/env python3
"""Writes what Jinja makes of our test templates, for ChatTemplateTest to compare with.

Run with Debian's python3-jinja2:

    /usr/bin/python3 src/test/python/chat_templates.py > src/test/resources/chat-templates/expected.json

The environment is the one in which chat templates are meant to be read: trim_blocks, lstrip_blocks, loop controls, a plain
tojson, raise_exception and strftime_now.
"""

import datetime
import json
import sys

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 3, 5, 14, 7, 9)


class Generation(Extension):
    """The block that marks what the model said; it prints its body."""

    tags = {"generation"}

    def parse(self, parser):
        lineno = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body).set_lineno(lineno)


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda fmt: NOW.strftime(fmt)
    return env


TURN = [{"role": "user", "content": "Hi there"}]
TALK = [
    {"role": "system", "content": " Be brief. "},
    {"role": "user", "content": "What is 7 + 5?\n"},
    {"role": "assistant", "content": "12"},
    {"role": "user", "content": "Merci, \"café\" 😀 <ok>"},
]
TWO_USERS = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Tells the \"weather\"",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "enum": ["Rome", "Łódź"]}, "days": {"type": "integer"}},
                "required": ["city"],
            },
        },
    }
]
CALLS = TALK + [
    {"role": "assistant", "content": "", "tool_calls": [
        {"type": "function", "function": {"name": "weather", "arguments": {"city": "Rome", "days": 2, "f": 0.5}}}]},
    {"role": "tool", "content": "sunny"},
    {"role": "tool", "content": "rainy"},
]
THOUGHT = TALK[:2] + [{"role": "assistant", "content": "<think>\nhm\n</think>\n\n12"}, TALK[3]]

CONVERSATIONS = [
    {"messages": TURN, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>"},
    {"messages": TALK, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>"},
    {"messages": TALK, "add_generation_prompt": False, "bos_token": "<|bos|>", "eos_token": "<|eos|>"},
    {"messages": TWO_USERS, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>"},
    {"messages": TALK, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>", "tools": TOOLS},
    {"messages": CALLS, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>", "tools": TOOLS},
    {"messages": THOUGHT, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>", "enable_thinking": False},
]

CHAT = {
    "chatml-one-line": "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "chatml-default-system": """{% for message in messages %}
    {% if loop.first and messages[0]['role'] != 'system' %}
        {{- '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}
    {% endif %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content | trim + '<|im_end|>' + '\\n' -}}
{% endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
""",
    "headers-like-llama-3": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The system message goes first, even when there is none. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}

{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none %}
    {{- "You have access to these functions.\\n\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable and message.content is not string %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "inst-like-mistral": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}

{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, conversation roles must alternate user/assistant/user/assistant/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}

{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}
                        {{- '"' + key + '": "' + val + '"' }}
                    {%- else %}
                        {{- '"' + key + '": ' + val|tojson }}
                    {%- endif %}
                    {%- if not loop.last %}
                        {{- ", " }}
                    {%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}
                    {{- ", " }}
                {%- else %}
                    {{- "]" }}
                {%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {{- ', "id": "' + '123456789' + '"}' }}
            {{- ", " if not loop.last else "]" + eos_token }}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] == "tool" %}
        {{- '[TOOL_RESULTS] {"content": ' + message.content|string + "}[/TOOL_RESULTS]" }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported!") }}
    {%- endif %}
{%- endfor %}
""",
    "hermes-tools-like-qwen": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] }}
    {%- else %}
        {{- 'You are an assistant.' }}
    {%- endif %}
    {{- "\\n\\n# Tools\\n\\nYou may call one or more functions.\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>\\n\\nFor each call, return a json object within <tool_call></tool_call>:\\n<tool_call>\\n{\\"name\\": <function-name>, \\"arguments\\": <args-json-object>}\\n</tool_call><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are an assistant.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content %}
            {{- '\\n' + message.content }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\\n<tool_call>\\n{"name": "' }}
            {{- tool_call.name }}
            {{- '", "arguments": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- message.content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    "thinking-like-qwen-3": """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or (not loop.last and reasoning_content)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
""",
    "turns-like-gemma": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {{ item['text'] | trim }}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
""",
    "ends-like-phi": "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "lines-like-zephyr": """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    "macros-and-generation": """{%- macro turn(message, end='<|end|>') -%}
    <|{{ message.role }}|>
    {{- message.content | trim -}}
    {{ end }}
{%- endmacro -%}
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {%- generation -%}{{ turn(message, end=eos_token) }}{%- endgeneration -%}
    {%- elif message.role == 'tool' %}{% continue %}
    {%- else %}{{ turn(message) }}{% endif %}
{%- endfor -%}
""",
}

VALUES = {
    "n": 7, "f": 2.5, "big": 1e20, "small": 1e-7, "whole": 3.0, "yes": True, "no": False, "nothing": None,
    "s": "Hello, World", "empty": "", "list": [3, 1, 2], "words": ["b", "a", "c"], "nested": [[1, "x"], [2, "y"]],
    "map": {"b": 1, "a": [True, None, 0.5], "é": "\"q\"\n\t\\\u0001"},
    "people": [{"name": "Ann", "age": 3}, {"name": "Bob", "age": 5}, {"name": "Cy"}],
}

SNIPPETS = [
    "{{ n }} {{ f }} {{ big }} {{ small }} {{ whole }} {{ yes }} {{ nothing }} {{ missing }}|",
    "{{ list }} {{ words }} {{ map }} {{ nested }} {{ [] }} {{ {} }} {{ ('a', 1) | list }}",
    "{{ n + 1 }} {{ n - 10 }} {{ n * 2 }} {{ n / 2 }} {{ n // 2 }} {{ -n // 2 }} {{ n % 4 }} {{ -n % 4 }} {{ 2 ** 10 }} {{ -n }} {{ f * 2 }} {{ 1 + yes }}",
    "{{ s ~ n ~ yes ~ nothing ~ f }} {{ 'a' 'b' }} {{ 'x' + 'y' }} {{ words + ['d'] }} {{ 'ab' * 3 }}",
    "{{ n > 3 and n < 10 }} {{ n == 7.0 }} {{ 'a' < 'b' }} {{ 1 < n < 8 }} {{ not no }} {{ n != 7 }} {{ 1 == true }}",
    "{{ 'ell' in s }} {{ 'x' not in s }} {{ 2 in list }} {{ 'b' in map }} {{ not 'b' in map }} {{ 'z' in missing }}",
    "{{ empty or 'other' }} {{ s and n }} {{ no or nothing }} {{ 'a' if no else 'b' }} {{ 'a' if no }}|{{ 1 if no else 2 if no else 3 }}",
    "{{ s[0] }} {{ s[-1] }} {{ s[1:4] }} {{ s[::-1] }} {{ s[:-3] }} {{ s[::2] }} {{ list[::-1] }} {{ list[1:] }} {{ list[-2:] }} {{ list[5:] }} {{ list[9] }}|",
    "{{ map.b }} {{ map['a'] }} {{ map.a[2] }} {{ map.zzz }}| {{ map.get('b') }} {{ map.get('q') }} {{ map.get('q', 9) }} {{ nested[1][1] }}",
    "{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %} {{ map.keys() | list }} {{ map.values() | list }} {{ map | length }}",
    "{% for k, v in map | items %}{{ k }};{% endfor %}{% for k in map %}{{ k }}{% endfor %}{% for k, v in map | dictsort %}{{ k }}{% endfor %}",
    "{% for x in list %}{{ loop.index }}/{{ loop.index0 }}/{{ loop.revindex }}/{{ loop.first }}/{{ loop.last }}/{{ loop.length }}/{{ loop.previtem }}/{{ loop.nextitem }} {% endfor %}",
    "{% for x in list if x > 1 %}{{ x }}{{ loop.index }}{% else %}none{% endfor %}{% for x in [] %}x{% else %}none{% endfor %}",
    "{% for x in list %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}{% for x in list %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% set x = 1 %}{% for i in list %}{% set x = i %}{{ x }}{% endfor %}{{ x }}{% if yes %}{% set x = 5 %}{% endif %}{{ x }}",
    "{% set ns = namespace(a=1) %}{% for i in list %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}",
    "{% set t %}captured {{ n }}{% endset %}[{{ t }}]{{ t | length }}",
    "{{ s | upper }} {{ s | lower }} {{ ' x ' | trim }}| {{ s | length }} {{ words | join(', ') }} {{ list | join }} {{ s | replace('l', 'L') }} {{ 'hello world' | title }} {{ 'hELLO' | capitalize }}",
    "{{ missing | default('d') }} {{ empty | default('d') }}| {{ empty | default('d', true) }} {{ nothing | default('d') }} {{ missing | d(3) + 1 }}",
    "{{ words | first }} {{ words | last }} {{ words | sort | join }} {{ list | sort }} {{ words | reverse | list }} {{ s | reverse }} {{ [1, 1, 2] | unique | list }}",
    "{{ map | tojson }} {{ list | tojson }} {{ s | tojson }} {{ yes | tojson }} {{ nothing | tojson }} {{ whole | tojson }} {{ [] | tojson }} {{ {} | tojson(indent=2) }}",
    "{{ map | tojson(indent=2) }}",
    "{{ people | map(attribute='name') | join('+') }} {{ words | map('upper') | list }} {{ people | selectattr('age', 'defined') | map(attribute='age') | list }} {{ people | rejectattr('age') | map(attribute='name') | list }}",
    "{{ people | selectattr('name', 'equalto', 'Bob') | list }} {{ people | selectattr('name', '==', 'Bob') | map(attribute='age') | first }} {{ list | select('odd') | list }} {{ list | reject('odd') | list }}",
    "{{ '12' | int + 1 }} {{ 'x' | int }} {{ '2.5' | float }} {{ 3.9 | int }} {{ -3 | abs }} {{ n | string + 'x' }} {{ 'a\nb\n\nc' | indent(2) }} {{ 'a\nb' | indent(2, true) }}",
    "{{ s.startswith('He') }} {{ s.endswith(('x', 'ld')) }} {{ s.split(', ') }} {{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ s.upper() }} {{ ' x '.strip() }}| {{ 'xxaxx'.strip('x') }} {{ '\n\na\n'.lstrip('\n') }}| {{ 'a\n'.rstrip('\n') }}|",
    "{{ s.replace('o', '0') }} {{ s.find('World') }} {{ s.title() }} {{ '-'.join(words) }} {{ 'a\nb'.splitlines() }} {{ s.removeprefix('Hello') }}",
    "{{ n is defined }} {{ missing is undefined }} {{ nothing is none }} {{ s is string }} {{ n is number }} {{ map is mapping }} {{ list is iterable }} {{ n is odd }} {{ n is even }} {{ yes is true }} {{ no is false }} {{ n is not none }} {{ list is sequence }} {{ yes is boolean }} {{ n is integer }} {{ f is float }}",
    "{% if n is defined and not missing is defined %}a{% elif n %}b{% else %}c{% endif %}",
    "a\n  {% if yes %}\n  b\n  {% endif %}\nc\n",
    "a\n  {%- if yes -%}\n  b\n  {%- endif -%}\nc\n\n",
    "a\n  {%+ if yes %}\n  b\n  {% endif +%}\nc",
    "a {# comment #}\n  {# another #}\nb {#- third -#} c",
    "{{ 'x' }}\n{{ 'y' -}}\n  z {{- 'w' }}\n",
    "{% raw %}{{ not }} {% this %}{% endraw %} {{ 1 }}",
    "  {% for i in range(3) %}\n    {{ i }}\n  {% endfor %}\nend {{ range(2, 8, 3) | list }} {{ range(3, 0, -1) | list }}",
    "{{ strftime_now('%d %b %Y %H:%M:%S %A %B %a %m') }}",
    "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=4, a=0) }}",
    "{{ dict(a=1, b=[2]) }} {{ {'a': 1}['a'] }} {{ [1, 2][0] }} {{ (1, 2)[1] }} {{ 'abc'[1] }} {{ {'a': {'b': 'c'}}.a.b }}",
    "{{ '\\\\' }} {{ \"it's\" }} {{ 'tab\\tx' }} {{ '\\u00e9' }} {{ 'say \"hi\"' }} {{ ['it\\'s', 'q\"'] }}",
    "{{ raise_exception('no') }}",
    "{{ missing.member }}",
    "{{ 1 + 'a' }}",
    "{{ s | nosuchfilter }}",
    "{% if %}",
    "{% for x in list %}",
    "{{ 1 // 0 }}",
    "{% unknown %}",
    "{{ 'open",
]


def rendered(template, values):
    try:
        return {"values": values, "text": environment().from_string(template).render(**values)}
    except Exception:  # whatever it is, the template is refused
        return {"values": values, "refused": True}


def main():
    cases = []
    for name, template in CHAT.items():
        for values in CONVERSATIONS:
            cases.append({"name": name, "template": template, **rendered(template, values)})
    for i, template in enumerate(SNIPPETS):
        cases.append({"name": f"snippet {i}", "template": template, **rendered(template, VALUES)})
    json.dump(cases, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


main()
