async function generateAndDownload(prompt) {
  // Start generation
  const response = await fetch('http://your-server:8000/api/generate', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ prompt })
  });
  const { job_id } = await response.json();

  // Poll status until complete
  const poll = setInterval(async () => {
    const statusResponse = await fetch(`http://your-server:8000/api/status/${job_id}`);
    const status = await statusResponse.json();

    console.log(`Progress: ${status.progress}% - Stage: ${status.stage}`);

    if (status.status === 'complete') {
      clearInterval(poll);

      // Download USDZ (iPhone AR)
      window.location.href = `http://your-server:8000/api/asset/${job_id}?asset_type=usdz`;
    } else if (status.status === 'error') {
      clearInterval(poll);
      console.error('Generation failed:', status.error);
    }
  }, 2000);
}

async function loadExamples() {
  const response = await fetch('http://your-server:8000/api/examples');
  const { examples } = await response.json();

  examples.forEach(example => {
    // Create clickable card for each example
    const card = document.createElement('div');
    card.className = 'example-card';
    card.innerHTML = `
      <img src="${example.image_url}" alt="${example.name}">
      <h3>${example.name}</h3>
      <p>${example.description}</p>
    `;

    // On click, download USDZ instantly (no waiting)
    card.onclick = () => {
      window.location.href = `http://your-server:8000/api/asset/${example.job_id}?asset_type=usdz`;
    };

    document.getElementById('examples-container').appendChild(card);
  });
}
