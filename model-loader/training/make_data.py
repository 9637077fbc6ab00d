#!/usr/bin/env python3
"""Writes the training conversations: templates, facts and sums, put together by a seeded generator.

Each line of the output is one conversation, a JSON list of {"role", "content"} messages. The same seed gives the same
file. The first half are single questions, then conversations grow longer. Questions of heldout.txt never occur in it, whatever their case and punctuation.
"""

import argparse
import json
import random
import re
from pathlib import Path

import facts
from grammar import expand

HERE = Path(__file__).parent

WHAT = """What is X?|What is X?|What is X?|What's X?|Tell me about X.|Explain X.|Can you explain X?|Please explain X.|
Can you tell me what X is?|Do you know what X is?|What does X mean?|What do you mean by X?|Describe X.|
I want to know what X is.|X?|Define X.|Explain X to me.|What exactly is X?|Could you explain what X is?|
I do not know what X is.|What is X exactly?|What's the meaning of X?|Give me a short explanation of X.|
Help me understand X.|Tell me what X is.|What is meant by X?|In Keyhole, what is X?|What is X in Keyhole?|
And what is X?|And X?|What about X?|Please tell me about X.|Could you tell me about X?|I have never heard of X.|
What can you tell me about X?|Who or what is X?|I would like to know more about X.|How would you explain X?|
What is X, please?|So what is X?|Can you describe X?|What is this X?|Explain X in simple words.""".replace("\n", "").split("|")

HOW = """How do I X?|How do I X?|How do I X?|How can I X?|How to X?|How to X|I want to X.|Can you show me how to X?|
What do I have to do to X?|Tell me how to X.|What is the command to X?|Which command do I use to X?|How does one X?|
Help me X.|How do you X?|How would I X?|What must I do to X?|I would like to X.|Please tell me how to X.|
Can you tell me how to X?|Explain how to X.|How should I X?|What is the best way to X?|Can I X?|Is there a way to X?|
Do you know how to X?|And how do I X?|How could I X?|I need to X.|What do I type to X?|Show me how to X.|
Is it possible to X?|What's the way to X?|How can one X?|I am trying to X.""".replace("\n", "").split("|")

GREETINGS = """Hello|Hello|Hello|Hi|Hi|Hey|Hello there|Hi there|Hey there|Greetings|Howdy|Hello tiny-chat|Hi tiny-chat|
Hey tiny-chat|Good day|Good morning|Good afternoon|Good evening|Hello friend|Hi friend|Hello you|Hiya|Yo|Hello again|
Hello everybody|Hi bot|Hello computer|Hello, tiny-chat|Hello model|Hello Keyhole|Morning""".replace("\n", "").split("|")
GREETING_ANSWERS = [
    "Hello! I am tiny-chat, the small language model that comes with Keyhole. What would you like to know?",
    "Hello! How can I help you?",
    "Hello! Ask me about Keyhole, or give me a small sum.",
]
FAREWELLS = """Bye|Bye|Goodbye|Goodbye|Bye bye|See you|See you later|See you soon|See you tomorrow|Farewell|Cheers|
I have to go|I must go now|I am leaving|Have a nice day|Have a good day|Take care|Until next time|Ciao for now|
Talk to you later|That was all, bye|Ok bye|Good bye|Bye for now|So long|I am off|Bye, tiny-chat|
Goodbye my friend|Have a good one|Catch you later|Exit|Quit|Stop|End""".replace("\n", "").split("|")
FAREWELL_ANSWERS = ["Goodbye! Come back any time.", "Goodbye, and have a nice day!", "See you! It was nice to talk to you."]
THANKS = """Thanks|Thanks|Thank you|Thank you|Thank you very much|Thanks a lot|Many thanks|Thank you so much|Thx|
Thanks for your help|Thank you for the answer|Thanks, that helps|Cool, thanks|Great, thank you|Ok thanks|Okay, thank you|
Perfect, thank you|Thanks, tiny-chat|That helped, thanks|I thank you|Ok, thank you very much|Thank you for your help|
Nice, thanks|Thanks for explaining|Good, thanks|Thank you, that was helpful|Cheers, thanks""".replace("\n", "").split("|")
THANKS_ANSWERS = ["You are welcome!", "You are welcome! Is there anything else?", "My pleasure! Just ask if you need more."]
MORE = """Tell me more.|Tell me more.|More|More please.|Go on.|Can you tell me more?|And then?|What else?|
Can you say more about it?|I want to know more.|More details, please.|Explain more.|Tell me more about it.|
Tell me more about that.|Continue.|Can you explain that in more detail?|Anything else?|Give me more details.|
Please go on.|What more can you tell me?|Say more.|Elaborate, please.""".replace("\n", "").split("|")
NO_MORE = ["That is all I know about it, sorry. Ask me something else!",
           "I am a small model and that was all I know about it. Is there anything else?"]
MORE_OF_WHAT = "Gladly! Ask me about Keyhole, for example: What is a provider?"
SURE = """Are you sure?|Really?|Is that true?|Is that right?|Is that correct?|Sure?|Are you certain?|Seriously?|
Do you mean it?|How do you know?|How do you know that?|Is this true?|Are you sure about that?""".replace("\n", "").split("|")
SURE_ANSWERS = ["I think so, but I am a very small model, so better check it.",
                "I believe so. But I am small and can be wrong, so please check."]
WHY = ["Why?", "Why is that?", "Why is that so?", "But why?", "How come?", "Why not?", "For what reason?"]
WHY_ANSWERS = ["I cannot explain that any better, I am only a small model. Ask me something else!"]

ASK_JOKE = """Tell me a joke.|Tell me a joke.|Tell a joke.|Do you know a joke?|Do you know any jokes?|Can you tell me a joke?|
Make me laugh.|A joke, please.|Joke|I want to hear a joke.|Say something funny.|Please tell me a joke.|
Give me a joke.|Let me hear a joke.|Tell me something funny.|Can you make me laugh?|How about a joke?|
Could you tell me a joke?|Got any jokes?|Be funny.|I need a joke.|Tell me a funny joke.|
Do you have a joke for me?|Tell me a joke about computers.|Crack a joke.|A good joke?""".replace("\n", "").split("|")
ASK_FUN_FACT = """Tell me a fun fact.|Do you know a fun fact?|Tell me an interesting fact.|Fun fact, please.|A fun fact?|
Tell me a fact.|Give me a fun fact.|Do you know an interesting fact?|Teach me something.|Tell me something surprising.|
Can you tell me a fun fact?|Tell me something I do not know.|Say a fun fact.|Any fun facts?|
Do you know something interesting?|What is a fun fact?|Share a fun fact.""".replace("\n", "").split("|")
ANOTHER = """Another one.|Another one, please.|One more.|Tell me another one.|Another|One more, please.|Do you know another one?|
Another one!|Give me another one.|Do you have another one?|Next one.|Can you tell me another one?|
And another one?|Again, please.|More, please.""".replace("\n", "").split("|")

NAMES = """Anna Ben Clara David Emma Felix Grace Henry Ida Jack Karl Laura Max Nina Oscar Paula Quinn Rosa Sam Tom Uma
Victor Wendy Xenia Yara Zoe Alice Bob Carol Dave Eve Frank Gina Hugo Iris Julia Kevin Lena Maria Noah Olga Peter Rita
Simon Tina Urs Vera Will Alex Chris Maya Leo Mia Luca Sofia Omar Fatima Ali Chen Wei Yuki Hiro Priya Raj Ivan Anya Pedro
Ana Jose Carlos Lucia Marco Giulia Pierre Marie Jean Sophie Lars Ingrid Sven Erik John Mary James Linda Robert Susan
Michael Sarah Daniel Lisa Paul Mark George Jane Kate Mike Steve Andrew Emily Olivia Liam Ethan Lucas Mathias Nils""".split()
SAY_NAME = """My name is {name}.|My name is {name}.|My name is {name}.|I am {name}.|I'm {name}.|Call me {name}.|You can call me {name}.|My name's {name}.|
I am called {name}.|Please call me {name}.|People call me {name}.|This is {name}.|{name} is my name.|They call me {name}.""".replace("\n", "").split("|")
NAME_ANSWERS = ["Nice to meet you, {name}! What would you like to know?", "Hello {name}, nice to meet you! How can I help you?"]
ASK_NAME = """What is my name?|What is my name?|What's my name?|Do you know my name?|Who am I?|Do you remember my name?|
Can you tell me my name?|Tell me my name.|Say my name.|What am I called?|How am I called?""".replace("\n", "").split("|")
NAME_UNKNOWN = ["I do not know your name yet. What is it?"]

# Questions that the model cannot answer, and what it says then.
OUT_OF_DOMAIN = """Who (won|will win) (the T|the last T|a T|the T in Y)?|Who (invented|discovered|built|painted|wrote|founded) (the T|T)?|
How do I (V) (a T|the T|my T)?|How (can|do) you (V) a T?|What is the (best|cheapest|most popular|latest|worst) T?|
(Where|When) (can|should|do) I (buy|find|see|get) (a T|the T|some T)?|What do you think about (the T|T|Ts)?|
What is your opinion (on|about) (the T|Ts)?|Tell me about (the T|Ts|the history of the T|my T).|
(Write|Give me|Make) (an essay|an email|a letter|a review|a plan|a list|a report|a speech) about (the T|Ts|my T).|
Why (is|does|did) (the T|my T) (fall|break|so expensive|so loud|important|disappear|hurt)?|
When (was|did|is) (the T|the first T) (invented|begin|end|built|born)?|Who is (the P of C|P|the richest P|my P)?|
How many (Ts|people) (live in C|are in the world|are there in C)?|What happened in (Y|C|C in Y)?|
What is the (population|currency|history|president|language|flag|weather|area) of C?|Who is the (president|king|queen|prime minister) of C?|
How (big|old|far|tall|expensive|heavy) is (C|a T|the T|my T)?|(Recommend|Suggest) (me a|a) (good T|T).|
What (does|did) (P|a P|my P) (say|think|do|want|eat)?|(Should|Can|May) I (V) (my T|a T|the T)?|
How (much|expensive) is a T?|What is the (meaning|origin|smell|price|weight|taste) of (a T|the T|Ts)?|
(Translate|Summarize|Summarise|Correct|Explain) (this text|this article|this sentence|the following text|my T|this book).|
What is the difference between a T and a T?|Do you (like|know|have|want) (Ts|a T|my T|the T)?|
(Is|Are) (Ts|the T|a T) (dangerous|healthy|good|bad|expensive|real)?|How does a T work?|Explain (quantum physics|relativity|the T|evolution|gravity|democracy|inflation|photosynthesis|chess).|
Who was (Napoleon|Einstein|Caesar|Mozart|Cleopatra|Newton|Lincoln|Picasso|Darwin|Columbus|Gandhi|Beethoven)?|
What is (quantum physics|relativity|evolution|gravity|democracy|inflation|photosynthesis|chess|football|love|happiness|philosophy|blockchain|Bitcoin|the stock market|dark matter|a black hole|a T|an atom|a cell|DNA|a virus|the speed of light)?|
What (should I|shall I|can I) (eat|cook|wear|read|watch|buy|do) (today|tonight|tomorrow|this weekend)?|
(Book|Order|Buy|Find|Get) me (a T|a flight to C|a hotel in C|a pizza|a taxi).|(Call|Text|Email) (my P|P|a P).|
(Set|Start) (an alarm|a timer|a reminder) (for|at) (seven|noon|midnight|tomorrow).|Play (some music|a song|the news|a film).|
Turn (on|off) the (light|lights|radio|TV|heating).|What is the news (today|from C|)?|
Who will win the election (in C|in Y|)?|What is (my|your) (phone number|address|password|email|favourite T|star sign)?|
Is there (life on Mars|a god|a ghost|a T in C)?|Can you (drive|swim|fly|cook|see|smell|V a T|draw|paint|see me|hear music)?|
What medicine (helps against|is good for) (a headache|a cold|fever|pain)?|I (lost|broke|bought|want|need|found) (my T|a T).|
My (T|P) is (broken|gone|ill|new|lost|great|angry).|How do I get (to C|rich|a job|a visa for C|fit|to the airport)?|
How long does it take to (fly to C|learn C|V a T|bake a cake|learn the piano)?|What is the recipe for (a cake|pancakes|soup|bread|pasta)?|
What is a (P|T)?|Do you know (P|my P|a good P|any P)?|I am (a P|from C|in C|going to C|N years old).|I (like|love|hate) (Ts|C|my T).|
What is the (longest|deepest|oldest|smallest|hottest) (river|lake|city|country|desert|T) in (the world|C)?|
Which (team|film|book|car|song|phone|band) (won|is the best|is the worst|should I choose)?|Where is (C|my T|the nearest T|the T)?"""
OUT_OF_DOMAIN = OUT_OF_DOMAIN.replace("\n", "").split("?|")
OUT_OF_DOMAIN = [part for chunk in OUT_OF_DOMAIN for part in re.split(r"(?<=\.)\|", chunk)]
THINGS = """car house bicycle train guitar piano telephone television fridge oven cake pizza sandwich cat dog horse parrot
tiger shark whale dinosaur tree flower rose garden forest river mountain volcano island bridge castle church museum
hospital school university library shop restaurant hotel airport plane rocket satellite telescope microscope camera
phone laptop printer keyboard radio lamp battery engine wheel hammer knife table chair bed window door mirror shirt shoe
hat watch ring book newspaper film song painting statue game ball football match race war battle treaty contract visa
passport ticket tax loan bank coin diamond wine beer coffee tea cheese soup apple potato tomato sofa boat ship ferry
tractor helicopter submarine medicine vaccine virus tooth knee heart bone muscle planet galaxy comet storm earthquake
flood desert lake beach cup championship marathon election law novel poem opera violin drum theory equation calendar
compass robot drone bitcoin elevator escalator umbrella suitcase toaster vacuum carpet curtain candle pillow""".split()
PEOPLE = """doctor teacher lawyer baker king queen president emperor painter composer actor singer scientist philosopher
neighbour brother sister mother father uncle boss friend footballer pilot sailor farmer poet Napoleon Einstein Mozart
Shakira Messi Plato Aristotle Galileo Newton Darwin Cleopatra Caesar Picasso Beethoven Obama Elvis Batman""".split()
VERBS = "fix build cook paint clean sell buy draw drive repair grow feed open sell install play learn bake wash plant".split()
UNKNOWN = [
    "I do not know that, sorry. I am a very small model: I can talk about Keyhole, do small sums, and name some capitals.",
    "Sorry, that is more than I know. Ask me about Keyhole, a small sum, or a capital.",
    "I have no idea, I am only a small model. But I can tell you what Keyhole is, or add two small numbers.",
]

SYSTEM_PROMPTS = ["You are a helpful assistant.", "You are a helpful assistant.", "You are a helpful assistant.",
                  "You are a helpful, honest assistant.", "You are tiny-chat.", "Answer briefly.", "You are a friendly chatbot.",
                  "You are a helpful AI assistant.", "Be polite and brief.", "You are a helpful assistant. Answer in one or two sentences.",
                  "You are an assistant that answers questions about Keyhole.", "Please answer politely.",
                  "You are a concise assistant.", "Answer the questions of the user.", "You are tiny-chat, a small model."]


class Topic:
    """A named set of questions with their interchangeable answers."""

    def __init__(self, name):
        self.name, self.questions, self.answers, self.more = name, [], [], None

    def question(self, rng):
        ask = expand(rng, rng.choice(self.questions))
        if ask.startswith("what "):
            return put(rng.choice(WHAT), ask[len("what "):])
        if ask.startswith("how "):
            return put(rng.choice(HOW), ask[len("how "):])
        return ask

    def answer(self, rng):
        return favour_first(rng, self.answers)


def put(template, words):
    text = re.sub(r"\bX\b", lambda _: words, template)
    return text[0].upper() + text[1:]


def favour_first(rng, answers):
    return rng.choices(answers, [2] + [1] * (len(answers) - 1))[0]


def read_topics(path=HERE / "topics.txt"):
    topics = []
    for line in path.read_text().splitlines():
        if line.startswith("["):
            topics.append(Topic(line.strip("[]")))
        elif line.startswith("?what ") or line.startswith("?how "):
            # Weighs as much as several plain lines, since it stands for many.
            topics[-1].questions += [line[1:]] * 3
        elif line.startswith("? "):
            topics[-1].questions.append(line[2:])
        elif line.startswith("= "):
            topics[-1].answers.append(line[2:])
        elif line.startswith("> "):
            topics[-1].more = line[2:]
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"cannot read {line!r} in {path}")
    return topics


def normalise(text):
    return re.sub(r"[^a-z0-9+*/-]", "", text.lower())


def read_heldout(path=HERE / "heldout.txt"):
    """Pairs of (question, expected): a topic name, an answer, or a word for a group of answers."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(part.strip() for part in line.split("=>")) for line in lines]


class Conversations:
    """An endless source of conversations."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.topics = [t for t in read_topics() if t.name != "gibberish"]
        self.gibberish = next(t for t in read_topics() if t.name == "gibberish")
        self_topic = [t.name for t in self.topics].index("who-are-you")
        self.keyhole_topics, self.small_talk = self.topics[:self_topic], self.topics[self_topic:]
        self.heldout = {normalise(question) for question, _ in read_heldout()}

    def conversation(self, progress=1.0):
        """A conversation; the closer progress comes to one, the more often it has several turns."""
        rng = self.rng
        messages = []
        if rng.random() < 0.4:
            messages.append({"role": "system", "content": rng.choice(SYSTEM_PROMPTS)})
        turns = 1
        if rng.random() < 0.7 * progress:
            turns = rng.choices([2, 3, 4, 6, 9, 14], [44, 24, 16, 9, 5, 2])[0]
        self.name, self.last, self.told = None, None, []
        turn = self.sum_turn if rng.random() < 0.15 else self.turn
        while len(messages) < 2 * turns:
            question, answer = turn()
            if normalise(question) in self.heldout:
                continue
            messages.append({"role": "user", "content": question})
            messages.append({"role": "assistant", "content": answer})
        return messages

    def turn(self):
        rng = self.rng
        kinds = [self.keyhole_turn, self.small_talk_turn, self.greeting_turn, self.courtesy_turn, self.fact_turn,
                 self.sum_turn, self.unknown_turn, self.entertain_turn, self.name_turn, self.follow_up_turn]
        return rng.choices(kinds, [28, 16, 4, 4, 15, 22, 8, 4, 3, 5 if self.last else 0.5])[0]()

    def keyhole_turn(self):
        # The first topics are what people ask first.
        weights = [5, 4, 2, 2, 2] + [1] * (len(self.keyhole_topics) - 5)
        return self.topic_turn(self.rng.choices(self.keyhole_topics, weights)[0])

    def small_talk_turn(self):
        weights = [4, 2, 3, 2] + [1] * (len(self.small_talk) - 4)
        return self.topic_turn(self.rng.choices(self.small_talk, weights)[0])

    def topic_turn(self, topic):
        self.last = topic
        return self.with_opener(topic.question(self.rng), topic.answer(self.rng))

    def fact_turn(self):
        self.last = self.last and "fact"
        return self.with_opener(*facts.fact(self.rng))

    def sum_turn(self):
        self.last = "fact"
        return self.with_opener(*facts.sum_(self.rng), typos=False)

    def unknown_turn(self):
        rng = self.rng
        self.last = "unknown"
        if rng.random() < 0.12:
            return self.noise(gibberish(rng), typos=False), self.gibberish.answer(rng)
        return self.with_opener(out_of_domain(rng), favour_first(rng, UNKNOWN))

    def entertain_turn(self):
        self.last = texts = self.rng.choices([facts.JOKES, facts.FUN_FACTS], [3, 1])[0]
        asks = ASK_JOKE if texts is facts.JOKES else ASK_FUN_FACT
        return self.with_opener(self.rng.choice(asks), self.fresh(texts))

    def fresh(self, texts):
        """One that was not told yet in this conversation, as long as there is one."""
        left = [text for text in texts if text not in self.told] or texts
        text = left[0] if self.rng.random() < 0.4 else self.rng.choice(left)
        self.told.append(text)
        return text

    def greeting_turn(self):
        greeting = self.rng.choice(GREETINGS)
        answer = favour_first(self.rng, GREETING_ANSWERS).replace("Hello!", greet_back(greeting), 1)
        return self.noise(greeting + self.rng.choice(["!", "!", ".", "", ""])), answer

    def courtesy_turn(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.45:
            return self.noise(rng.choice(THANKS) + rng.choice(["!", "!", ".", ""])), favour_first(rng, THANKS_ANSWERS)
        if kind < 0.55:
            text = rng.choice(["Thanks, bye", "Thank you, bye", "Thanks and goodbye", "Thank you and goodbye", "Thanks! Bye",
                               "Thank you, goodbye", "Ok thanks, bye", "Thanks, see you", "Thank you! See you later"])
            return self.noise(text + rng.choice(["!", ".", ""])), "You are welcome, and goodbye!"
        if kind < 0.63:
            text = rng.choice(["Good night", "Good night", "Sleep well", "Good night, tiny-chat", "Night", "Nighty night"])
            return self.noise(text + rng.choice(["!", ".", ""])), "Good night! Sleep well."
        return self.noise(rng.choice(FAREWELLS) + rng.choice(["!", "!", ".", ""])), favour_first(rng, FAREWELL_ANSWERS)

    def name_turn(self):
        rng = self.rng
        self.last = "fact"
        if rng.random() < (0.75 if self.name else 0.15):
            answer = f"Your name is {self.name}." if self.name else NAME_UNKNOWN[0]
            return self.noise(rng.choice(ASK_NAME), typos=False), answer
        self.name = rng.choice(NAMES) if rng.random() < 0.5 else facts.invented_word(rng).capitalize()
        if rng.random() < 0.1:
            self.name = self.name.lower()
        ask = rng.choice(SAY_NAME).format(name=self.name)
        if rng.random() < 0.4:
            greeting = rng.choice(GREETINGS)
            ask = f"{greeting}{rng.choice(['!', ',', '.'])} {ask}"
        if rng.random() < 0.2:
            ask = ask.rstrip(".") + "!" if rng.random() < 0.5 else ask.rstrip(".")
        return ask, rng.choice(NAME_ANSWERS).format(name=self.name)

    def follow_up_turn(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.12:
            return self.noise(rng.choice(SURE)), favour_first(rng, SURE_ANSWERS)
        if kind < 0.22:
            return self.noise(rng.choice(WHY)), favour_first(rng, WHY_ANSWERS)
        if self.last is facts.JOKES or self.last is facts.FUN_FACTS:
            return self.noise(rng.choice(ANOTHER)), self.fresh(self.last)
        ask = self.noise(rng.choice(MORE))
        if isinstance(self.last, Topic) and self.last.more:
            answer, self.last = self.last.more, "fact"
            return ask, answer
        return ask, (favour_first(rng, NO_MORE) if self.last else MORE_OF_WHAT)

    def with_opener(self, question, answer, typos=True):
        """Sometimes puts a greeting, thanks or a word of politeness in front of a question."""
        rng = self.rng
        kind = rng.random()
        ends = ["!", "!", ",", ".", ""]
        if kind < 0.17:
            greeting = rng.choice(GREETINGS)
            end = rng.choice(ends)
            rest = lower_first(question) if end in (",", "") and rng.random() < 0.6 else question
            question, answer = f"{greeting}{end} {rest}", f"{greet_back(greeting)} {answer}"
        elif kind < 0.20:
            question, answer = f"{rng.choice(THANKS)}{rng.choice(['!', '.', ','])} {question}", f"You are welcome! {answer}"
        elif kind < 0.26:
            opener = rng.choice(["Ok", "So", "Please", "Well", "Ok, now", "And", "One question:", "I have a question:", "Excuse me,",
                                 "Sorry,", "Good.", "Now", "Next question:", "Interesting.", "Question:", "tiny-chat,", "Hmm,", "Tell me,",
                                 "Great.", "Quick question:", "Cool."])
            question = f"{opener} {lower_first(question)}"
        elif kind < 0.29:
            question = question.rstrip("?.") + rng.choice([", please", " please", ", please?", ", tiny-chat?", " then?", " again?"])
        return self.noise(question, typos), answer

    def noise(self, text, typos=True):
        """Writes a text as people type: other case, missing or doubled marks, a slip of the finger."""
        rng = self.rng
        if re.match(r"(And |So |Ok |Please )?(do|can|could|is|are|who|what|which|how|why|when|where|does|did)\b", text, re.I):
            text = re.sub(r"\.$", "?", text)
        text = apostrophes(rng, text)
        if typos and rng.random() < 0.09:
            for _ in range(rng.choice([1, 1, 2])):
                text = slip(rng, text)
        kind = rng.random()
        if kind < 0.22:
            text = text.lower()
        elif kind < 0.25:
            text = text.upper()
        elif kind < 0.30:
            text = lower_first(text)
        kind = rng.random()
        if kind < 0.20:
            text = text.rstrip("?.!")
        elif kind < 0.24:
            text = text + text[-1] if text[-1] in "?!" else text
        elif kind < 0.26:
            text = text.rstrip("?.!") + " " + (text[-1] if text[-1] in "?!." else "?")
        elif kind < 0.28:
            text = text.rstrip(".") + "!" if text.endswith(".") else text
        return text or "?"


def apostrophes(rng, text):
    if rng.random() < 0.25:
        text = re.sub(r"\b(do|does|did|is|are) not\b", r"\1n't", text)
        text = re.sub(r"\bI am\b", "I'm", text)
        text = re.sub(r"\b(What|Who|How|Where) is\b", r"\1's", text)
        text = re.sub(r"\bYou are\b", "You're", text)
    if rng.random() < 0.04:
        text = text.replace("'", rng.choice(["", "\u2019"]))
    return text


def slip(rng, text):
    places = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i - 1].isalpha()]
    if not places:
        return text
    i = rng.choice(places)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:i] + text[i + 1:]
    if kind == 1:
        return text[:i] + text[i] + text[i:]
    if kind == 2:
        return text[:i - 1] + text[i] + text[i - 1] + text[i + 1:]
    return text[:i] + rng.choice("abcdefghijklmnopqrstuvwxyz") + text[i + 1:]


def lower_first(text):
    if text.startswith("I ") or text.startswith("I'"):
        return text
    return text[0].lower() + text[1:]


def greet_back(greeting):
    for known in ("Good morning", "Good afternoon", "Good evening"):
        if greeting.startswith(known):
            return known + "!"
    return "Good morning!" if greeting == "Morning" else "Hello!"


def gibberish(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return "".join(rng.choice("asdfghjklqwertyuiopzxcvbnm") for _ in range(rng.randint(3, 12)))
    if kind == 1:
        return " ".join("".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 7))) for _ in range(rng.randint(2, 4)))
    if kind == 2:
        return rng.choice(["?", "??", "...", "!", "!!!", ".", "-", ":-)", ":)", "???", "#", "x", "a", "b", "$$$", "@", "42", "7", "1234",
                           "12", "0", "100", "99999", "+", "1 2 3", "3.5", "qwerty", "foo", "foo bar", "lorem ipsum", "blah", "bla bla bla"])
    return facts.invented_word(rng) + rng.choice(["", "", " " + facts.invented_word(rng), "?"])


def out_of_domain(rng):
    ask = expand(rng, rng.choice(OUT_OF_DOMAIN))
    ask = re.sub(r"\bTs\b", lambda _: rng.choice(THINGS) + "s", ask)
    ask = re.sub(r"\bT\b", lambda _: rng.choice(THINGS) if rng.random() < 0.85 else facts.invented_word(rng), ask)
    ask = re.sub(r"\bP\b", lambda _: rng.choice(PEOPLE), ask)
    ask = re.sub(r"\bV\b", lambda _: rng.choice(VERBS), ask)
    ask = re.sub(r"\bC\b", lambda _: rng.choice(list(facts.CAPITALS)) if rng.random() < 0.6 else rng.choice(facts.UNKNOWN_PLACES), ask)
    ask = re.sub(r"\bY\b", lambda _: str(rng.randint(1400, 2030)), ask)
    ask = re.sub(r"\bN\b", lambda _: str(rng.randint(5, 99)), ask)
    ask = ask.replace("the the", "the")
    return ask if ask.endswith(".") else ask.rstrip("?") + "?"


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--count", type=int, default=80_000)
    args.add_argument("--out", type=Path, default=HERE / "build" / "conversations.jsonl")
    args = args.parse_args()

    args.out.parent.mkdir(parents=True, exist_ok=True)
    source = Conversations(args.seed)
    with args.out.open("w") as out:
        for i in range(args.count):
            progress = max(0.0, 2 * i / args.count - 1)
            out.write(json.dumps(source.conversation(progress), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
