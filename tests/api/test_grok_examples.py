"""The documents' own examples, base URL aside, against the worker that comes with Kinora."""

import shutil
import subprocess
import sys

import pytest

WORKFLOW = '''
import requests
import time

def generate_video(prompt, image=None):
    """Complete video generation workflow"""

    # 1. Create job
    print(f"Creating job: {prompt}")
    response = requests.post('http://localhost:8000/v1/video/generations',
        json={
            'model': 'grok',
            'prompt': prompt,
            'image': image
        })

    if response.status_code != 201:
        raise Exception(f"Failed to create job: {response.text}")

    job = response.json()
    job_id = job['id']
    print(f"Job created: {job_id}")

    # 2. Poll for completion
    print("Waiting for completion...")
    while True:
        response = requests.get(f'http://localhost:8000/v1/video/generations/{job_id}')
        job = response.json()
        status = job['status']

        if status == 'completed':
            print(f"✓ Video completed: {job['video_url']}")
            break
        elif status == 'failed':
            raise Exception(f"✗ Job failed: {job.get('error', 'Unknown error')}")

        print(f"  Status: {status}...")
        time.sleep(5)

    # 3. Download video
    video_url = job['video_url']
    print(f"Downloading video...")
    response = requests.get(video_url)

    filename = f"{job_id}.mp4"
    with open(filename, 'wb') as f:
        f.write(response.content)

    print(f"✓ Video saved: {filename}")
    return filename

# Usage
video_file = generate_video("A cat playing piano in a cozy room")
'''

JAVASCRIPT = """
async function generateVideo(prompt, image = null) {
  // 1. Create job
  console.log(`Creating job: ${prompt}`);
  const createResponse = await fetch('http://localhost:8000/v1/video/generations', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({model: 'grok', prompt, image})
  });

  const job = await createResponse.json();
  const jobId = job.id;
  console.log(`Job created: ${jobId}`);

  // 2. Poll for completion
  console.log('Waiting for completion...');
  while (true) {
    const statusResponse = await fetch(`http://localhost:8000/v1/video/generations/${jobId}`);
    const jobStatus = await statusResponse.json();

    if (jobStatus.status === 'completed') {
      console.log(`✓ Video completed: ${jobStatus.video_url}`);
      return jobStatus.video_url;
    } else if (jobStatus.status === 'failed') {
      throw new Error(`✗ Job failed: ${jobStatus.error}`);
    }

    console.log(`  Status: ${jobStatus.status}...`);
    await new Promise(resolve => setTimeout(resolve, 5000));
  }
}

// Usage
generateVideo('A cat playing piano in a cozy room')
  .then(url => console.log(`Video URL: ${url}`))
  .catch(err => console.error(err));
"""


@pytest.fixture(scope="module")
def working(start_instance):
    return start_instance()


def run(command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_python(working, tmp_path):
    code = WORKFLOW.replace("http://localhost:8000", working.url)
    run([sys.executable, "-c", code], tmp_path)
    (video,) = tmp_path.glob("job_*.mp4")
    probe = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,pix_fmt", "-of", "csv=p=0", video]
    assert run(probe, tmp_path).split()[0] == "h264,yuv420p"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_javascript(working, tmp_path):
    out = run(["node", "-e", JAVASCRIPT.replace("http://localhost:8000", working.url)], tmp_path)
    assert "Video URL: " + working.url in out


def test_curl(working, tmp_path):
    script = r"""
curl -s http://localhost:8000/
curl -s -X POST http://localhost:8000/v1/video/generations \
  -H "Content-Type: application/json" \
  -d '{
    "model": "grok",
    "prompt": "A serene mountain landscape at sunset"
  }'
curl -s http://localhost:8000/v1/video/generations
curl -s "http://localhost:8000/v1/video/generations?status=completed&limit=10"
"""
    out = run(["sh", "-ec", script.replace("http://localhost:8000", working.url)], tmp_path)
    assert '"status":"pending"' in out
    assert '"total":' in out
