<#
.SYNOPSIS
Writes the small adapters of other kinds that stand beside lora.safetensors: loha, lokr and extracted.

.DESCRIPTION
They change layers of base.safetensors, as lora.safetensors does. The numbers are drawn at random from fixed seeds, and
fall off from column to column, so that something can be cut. The same command writes the same files.

.PARAMETER Destination
The folder of the files; that of this script by default.

.EXAMPLE
./samples/sdxl-tiny/New-KindSample.ps1
Writes the three files anew.
#>
[CmdletBinding(SupportsShouldProcess)]
param([string] $Destination = $PSScriptRoot)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
. ([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'tests', 'Pester', 'Support.ps1'))

$middle = 'lora_unet_middle_block_1'
$block = "${middle}_transformer_blocks_9"
$encoder = 'lora_te2_text_model_encoder_layers_0'
$metadata = @{
    'ss_base_model_version' = 'sdxl_base_v1-0'
    'modelspec.architecture' = 'stable-diffusion-xl-v1-base/lora'
}

# A matrix of random numbers. Column i with -ByColumn, otherwise row i, is Decay to the power of i as large as the first.
function New-Matrix([System.Random] $Random, [int] $Rows, [int] $Columns, [double] $Size, [double] $Decay = 1, [switch] $ByColumn) {
    for ($row = 0; $row -lt $Rows; $row++) {
        for ($column = 0; $column -lt $Columns; $column++) {
            $Size * [Math]::Pow($Decay, $ByColumn ? $column : $row) * (2 * $Random.NextDouble() - 1)
        }
    }
}

# A weight of an exact product of two matrices with falling columns.
function New-Product([System.Random] $Random, [int] $Rows, [int] $Columns, [int] $Rank, [double] $Size, [double] $Decay) {
    $left = [double[]] (New-Matrix $Random $Rows $Rank 1 $Decay -ByColumn)
    $right = [double[]] (New-Matrix $Random $Rank $Columns $Size)
    for ($row = 0; $row -lt $Rows; $row++) {
        for ($column = 0; $column -lt $Columns; $column++) {
            $sum = 0.0
            for ($index = 0; $index -lt $Rank; $index++) { $sum += $left[$row * $Rank + $index] * $right[$index * $Columns + $column] }
            $sum
        }
    }
}

# LoHa of LyCORIS, of rank 4: a LoRA of rank 16.
function New-LohaLayer([string] $Name, [int] $Out, [int] $In, [int] $Seed) {
    $random = [System.Random]::new($Seed)
    New-Tensor "$Name.alpha" @() 4 'F16'
    foreach ($pair in 'hada_w1', 'hada_w2') {
        New-Tensor "$Name.${pair}_a" @($Out, 4) (New-Matrix $random $Out 4 0.6 0.4 -ByColumn) 'F16'
        New-Tensor "$Name.${pair}_b" @(4, $In) (New-Matrix $random 4 $In 0.6) 'F16'
    }
}

# LoKr of LyCORIS with both halves whole: the first First x First, the second what is left.
function New-LokrLayer([string] $Name, [int] $Out, [int] $In, [int] $First, [double] $Size, [int] $Seed) {
    $random = [System.Random]::new($Seed)
    $secondOut = $Out / $First
    $secondIn = $In / $First
    New-Tensor "$Name.alpha" @() 1 'F16'
    New-Tensor "$Name.lokr_w1" @($First, $First) (New-Product $random $First $First $First 0.6 0.6) 'F16'
    $second = New-Product $random $secondOut $secondIn ([Math]::Min($secondOut, $secondIn)) $Size 0.5
    New-Tensor "$Name.lokr_w2" @($secondOut, $secondIn) $second 'F16'
}

# What an extractor writes: LoRA where a low rank is enough, and whole differences of weights and biases.
function New-DifferenceLayer([string] $Name, [int] $Out, [int] $In, [int] $Seed) {
    $random = [System.Random]::new($Seed)
    New-Tensor "$Name.diff" @($Out, $In) (New-Product $random $Out $In 24 0.15 0.75) 'F16'
    New-Tensor "$Name.diff_b" @($Out) (New-Matrix $random $Out 1 0.01) 'F16'
}

function New-LoraLayer([string] $Name, [int] $Out, [int] $In, [int] $Seed) {
    $random = [System.Random]::new($Seed)
    New-Tensor "$Name.alpha" @() 8 'F16'
    New-Tensor "$Name.lora_down.weight" @(8, $In) (New-Matrix $random 8 $In 0.3) 'F16'
    New-Tensor "$Name.lora_up.weight" @($Out, 8) (New-Matrix $random $Out 8 0.3 0.7 -ByColumn) 'F16'
}

$files = [ordered]@{
    loha = @(
        New-LohaLayer "${middle}_proj_in" 80 80 1
        New-LohaLayer "${block}_attn1_to_q" 80 80 2
        New-LohaLayer "${block}_attn2_to_v" 80 128 3
        New-LohaLayer "${block}_ff_net_2" 80 320 4
        New-LohaLayer "${encoder}_self_attn_q_proj" 80 80 5
        New-LohaLayer "${encoder}_mlp_fc2" 80 320 6
    )
    lokr = @(
        New-LokrLayer "${block}_attn1_to_q" 80 80 4 0.25 11
        New-LokrLayer "${block}_ff_net_0_proj" 640 80 8 0.25 12
        New-LokrLayer "${block}_ff_net_2" 80 320 40 0.25 13
        New-LokrLayer "${middle}_proj_in" 80 80 20 0.15 14
    )
    extracted = @(
        New-LoraLayer "${block}_attn1_to_q" 80 80 21
        New-LoraLayer "${block}_ff_net_2" 80 320 22
        New-DifferenceLayer "${middle}_proj_in" 80 80 23
        New-DifferenceLayer "${encoder}_self_attn_q_proj" 80 80 24
    )
}
foreach ($name in $files.Keys) {
    $path = [System.IO.Path]::Combine($Destination, "$name.safetensors")
    if ($PSCmdlet.ShouldProcess($path)) { Write-SafetensorsFile $path $files[$name] $metadata }
}
