// The lessons: what to do, and how the page knows that it was done.
//
// A step's `set` is the state that it begins with, as a link has it; `done` is asked at each answer and each snapshot of
// a training. It gets {state, now, trained, recipe}: the page's state, the answer to what is drawn, the last snapshot of
// the training and its settings; the latter two are undefined before a training has begun.

const LEARNT = 0.85; // validation accuracy of a network that has learnt something of digits
const GUESSING = 0.25; // and of one that has not

const after = (steps, seen) => (seen.trained?.step ?? 0) >= steps;
const right = ({ trained }) => trained?.valid.accuracy ?? 0;
const is = (wanted) => ({ recipe }) => Object.entries(wanted).every(([name, value]) => String(recipe?.[name]) === String(value));
const hidden = ({ recipe }) => recipe?.sizes.length ?? 0;

/** {id, title, about, steps: [{text, set?, done}]} */
export const LESSONS = [
  {
    id: "rate",
    title: "Mini-batches and the learning rate",
    about: "Each step looks at a few images and moves the weights against the gradient. How far? Too far, and it falls apart.",
    steps: [
      {
        text: "The rate is 5: each step goes far too far. Press Start, and watch the loss.",
        set: "panel=learn&learn=rate:5",
        done: (seen) => is({ rate: 5 })(seen) && (seen.trained?.diverged || after(60, seen)),
      },
      {
        text: "It has learnt nothing. Now the rate is 0.0002. Press Start, and wait for 100 steps: the loss falls, but so slowly.",
        set: "panel=learn&learn=rate:0.0002",
        done: (seen) => seen.recipe?.rate === 0.0002 && after(100, seen),
      },
      {
        text: "Find a rate with which 300 steps suffice for 85 % of the validation digits. Move the slider, then Restart.",
        set: "panel=learn&learn=rate:0.0002",
        done: (seen) => seen.trained?.step <= 300 && right(seen) >= LEARNT,
      },
      {
        text: "Last, a batch of one image: 32 times as many updates for the same images, each by a gradient that is mostly "
          + "chance. Start, and see how the loss trembles; then choose 32 again and compare.",
        set: "panel=learn&learn=batch:1,rate:0.02",
        done: (seen) => seen.recipe?.batch === 32 && right(seen) >= LEARNT,
      },
    ],
  },
  {
    id: "weights",
    title: "First weights of the right size",
    about: "Weights start at random. If they are too small, signals fade from layer to layer; if too large, they explode.",
    steps: [
      {
        text: "All weights are 0, so all units of a layer are the same, and stay the same. Start: 100 steps, and nothing is learnt.",
        set: "panel=learn&learn=init:zero",
        done: (seen) => is({ init: "zero" })(seen) && after(100, seen) && right(seen) < GUESSING,
      },
      {
        text: "Now 0.01 times normal numbers, and four hidden layers. Look at the gradient norms: the first layers hardly get any.",
        set: "panel=learn&learn=init:small,sizes:50-50-50-50",
        done: (seen) => is({ init: "small" })(seen) && after(100, seen),
      },
      {
        text: "He's weights have the deviation sqrt(2 / inputs): as ReLU halves the power of a signal, the 2 keeps it. Choose them, and start.",
        set: "panel=learn&learn=init:small,sizes:50-50-50-50",
        done: (seen) => is({ init: "he" })(seen) && hidden(seen) >= 4 && right(seen) >= LEARNT,
      },
    ],
  },
  {
    id: "depth",
    title: "Three layers or more",
    about: "Without a hidden layer, each pixel votes for each digit by itself. Layers in between can see strokes.",
    steps: [
      {
        text: "This network has no hidden layer: 784 pixels, ten outputs. Start, and let it take 400 steps. Note the validation accuracy.",
        set: "panel=learn&learn=sizes:none",
        done: (seen) => hidden(seen) === 0 && seen.recipe && after(400, seen),
      },
      {
        text: "Now 100-200-200, the course notebook's network. It gets further, and it learns the training digits by heart: 100 % there.",
        set: "panel=learn&learn=",
        done: (seen) => hidden(seen) >= 3 && after(300, seen) && seen.trained.train.accuracy > 0.98,
      },
      {
        text: "Use it as the page's model (the button is at the end of the panel), then open Inside, and look at what its first layer looks for.",
        set: "panel=learn",
        done: ({ state, now }) => state.panel === "inside" && Boolean(now?.model.header.record?.learnt),
      },
    ],
  },
  {
    id: "relu",
    title: "ReLU in the right place",
    about: "Between two layers a nonlinearity has to stand, or they are one. Behind the last one it does harm.",
    steps: [
      {
        text: "Three hidden layers without ReLU: a product of matrices is one matrix, so this is a network without hidden layers. Take 400 steps.",
        set: "panel=learn&learn=relu:nowhere",
        done: (seen) => is({ relu: "nowhere" })(seen) && after(400, seen),
      },
      {
        text: "ReLU everywhere, behind the outputs too: a digit whose output is 0 for all images gets no gradient, and is never learnt. Take 200 steps and look at the accuracy.",
        set: "panel=learn&learn=relu:everywhere,init:large,rate:0.001",
        done: (seen) => is({ relu: "everywhere" })(seen) && after(200, seen),
      },
      {
        text: "In the right place: between the layers, and not behind the last. Choose that, with He's weights and a rate of 0.02, and reach 90 %.",
        set: "panel=learn&learn=relu:everywhere,init:large,rate:0.001",
        done: (seen) => is({ relu: "between" })(seen) && right(seen) >= 0.9,
      },
    ],
  },
  {
    id: "dropout",
    title: "Dropout",
    about: "In each step some units are silent, so that none can rely on one other. With few images that keeps a network from learning them by heart.",
    steps: [
      {
        text: "Without dropout: train until all training digits are right. The two curves of the loss part: the network overfits.",
        set: "panel=learn&learn=",
        done: (seen) => is({ dropout: 0 })(seen) && after(400, seen) && seen.trained.train.accuracy >= 0.99,
      },
      {
        text: "Dropout 0.3. Restart, train for 400 steps, and compare the two losses again. Draw a digit and look at \"train mode\" below: each "
          + "draw of silent units answers a little differently; in test mode all units answer.",
        set: "panel=learn&learn=dropout:0.3",
        done: (seen) => seen.recipe?.dropout >= 0.2 && seen.recipe.dropout <= 0.5 && after(400, seen) && right(seen) >= LEARNT,
      },
      {
        text: "Too much of it: 0.9. Nine of ten units are silent at each step. Take 200 steps.",
        set: "panel=learn&learn=dropout:0.9",
        done: (seen) => seen.recipe?.dropout === 0.9 && after(200, seen),
      },
    ],
  },
  {
    id: "images",
    title: "More images from those that are there",
    about: "Turned a little, moved, and stretched, a 4 stays a 4: each epoch can show new images.",
    steps: [
      {
        text: "As they are: 600 steps, each image is seen some nine times. Training accuracy 100 %: note the validation accuracy.",
        set: "panel=learn&learn=",
        done: (seen) => is({ distort: 0 })(seen) && after(600, seen),
      },
      {
        text: "Distorted anew each time. Train for 1,000 steps: training accuracy rises more slowly, and validation accuracy further.",
        set: "panel=learn&learn=distort:1",
        done: (seen) => seen.recipe?.distort > 0 && after(1000, seen) && right(seen) >= LEARNT,
      },
      {
        text: "Models that come along have learnt so too. In the panel Test set, turn the digits by 20 degrees: how much does the model lose?",
        set: "panel=test",
        done: ({ state }) => state.panel === "test",
      },
    ],
  },
  {
    id: "seeing",
    title: "What a network sees",
    about: "A network reads well only what looks like the images that it learnt from.",
    steps: [
      { text: "Draw a small digit into a corner of the pad. It is read all the same.", set: "panel=saw&steps=", done: ({ now, state }) => state.drawing.strokes.length > 0 && now && !now.answer.reason },
      {
        text: "Now switch \"cut out\" off: the network gets the pad as it is. Draw so that the answer breaks.",
        set: "panel=saw&steps=cut",
        done: ({ now, state }) => state.steps.cut === false && state.drawing.strokes.length > 0 && Boolean(now?.answer.reason) && now.answer.reason !== "blank",
      },
      { text: "Switch it on again. All steps of reading serve this: to turn any drawing into what the network knows.", done: ({ state, now }) => state.steps.cut !== false && now && !now.answer.reason },
    ],
  },
  {
    id: "fool",
    title: "A 7 that it reads as 1",
    about: "Every model can be fooled. Where is the border between two digits?",
    steps: [
      { text: "Draw a 7 that the model reads as 1: make its upper stroke shorter and shorter.", set: "panel=why", done: ({ now, state }) => state.drawing.strokes.length > 0 && now?.answer.digit === "1" && !now.answer.reason && now.answer.probabilities[7] > 0.001 },
      { text: "Now go just so far that it is not sure: the answer is refused.", done: ({ now }) => Boolean(now?.answer.reason) && now.answer.reason !== "blank" },
      { text: "Drag the orange line in the bars to the left: with a lower limit it answers. Which is worse, a wrong answer or none?", done: ({ state }) => state.limit !== null && state.limit < 0.3 },
    ],
  },
];
